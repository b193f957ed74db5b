#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn on_settled(event: &PaymentSettled, printer: &Printer) -> Result<()> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Printer>);
    impl ::anywise::__private::Listen for __Bound {
        type Input = PaymentSettled;
        fn listen<'a>(
            &'a self,
            place: ::anywise::__private::Place<'a>,
            luggage: ::anywise::__private::Luggage,
            message: &'a PaymentSettled,
        ) -> ::anywise::__private::BoxFuture<'a, ::anywise::__private::Result<()>> {
            let mut scope = ::anywise::__private::Scope::new(place, luggage);
            let room = ::anywise::__private::room();
            ::anywise::__private::call(
                room,
                async move {
                    if scope.is_guarded() {
                        ::anywise::__private::pass(&mut scope, message).await?;
                    }
                    let message = ::anywise::__private::owned::<PaymentSettled>(message);
                    let d0 = ::core::clone::Clone::clone(&self.0);
                    let (output,) = ::anywise::__private::blocking(move || {
                            let output = on_settled(&message, d0.get());
                            (output,)
                        })
                        .await?;
                    let mut answers = ::anywise::__private::Answers::default();
                    <Result<
                        (),
                    > as ::anywise::__private::Answer>::collect(output, &mut answers)?;
                    answers.record(&mut scope);
                    ::anywise::__private::commit(&mut scope, &()).await?;
                    scope.close();
                    ::core::result::Result::Ok(())
                },
            )
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PaymentSettled as ::anywise::__private::EventInput>::MESSAGES);
        let d0 = wiring.needs::<Printer>("printer");
        wiring.answers(<Result<()> as ::anywise::__private::Answer>::describe);
        wiring.fails(<Result<()> as ::anywise::__private::Answer>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::listener(
                __Bound(d0?),
                <PaymentSettled as ::anywise::__private::EventInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::listener("on_settled",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire).blocking()
    }
};
