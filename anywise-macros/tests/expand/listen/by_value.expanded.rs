#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn on_settled(event: PaymentSettled) -> Option<ConfirmOrder> {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::Listen for __Bound {
        type Input = PaymentSettled;
        fn listen<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: &'a PaymentSettled,
        ) -> ::anywise::__private::BoxFuture<'a, ::anywise::__private::Result<()>> {
            let room = ::anywise::__private::room();
            ::anywise::__private::call(
                room,
                async move {
                    if scope.is_guarded() {
                        ::anywise::__private::pass(&mut scope, message).await?;
                    }
                    let output = on_settled(
                        ::anywise::__private::owned::<PaymentSettled>(message),
                    );
                    let mut answers = ::anywise::__private::Answers::default();
                    <Option<
                        ConfirmOrder,
                    > as ::anywise::__private::Answer>::collect(output, &mut answers)?;
                    answers.record(&mut scope);
                    if <Option<ConfirmOrder> as ::anywise::__private::Answer>::SENDS {
                        ::anywise::__private::commit(&mut scope, &()).await?;
                    }
                    scope.close();
                    ::core::result::Result::Ok(())
                },
            )
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PaymentSettled as ::anywise::__private::EventInput>::messages);
        wiring.answers(<Option<ConfirmOrder> as ::anywise::__private::Answer>::describe);
        wiring.fails(<Option<ConfirmOrder> as ::anywise::__private::Answer>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::listener(
                __Bound,
                <PaymentSettled as ::anywise::__private::EventInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::listener("on_settled",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire)
    }
};
