#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn on_settled(event: &PaymentSettled, events: &mut Events<(OrderConfirmed,)>) {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::RunListener for __Bound {
        type Input = PaymentSettled;
        const SENDS: bool = false;
        type Output = ();
        type Values = ();
        type Units = (Events<(OrderConfirmed,)>, ());
        #[inline]
        fn run<'a>(
            &'a self,
            message: &'a PaymentSettled,
            (): Self::Values,
            (arg1, ()): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            async move { on_settled(message, arg1) }
        }
        #[inline]
        fn answers(
            output: Self::Output,
        ) -> ::anywise::__private::Result<::anywise::__private::Answers> {
            let answers = ::anywise::__private::Answers::default();
            let () = output;
            ::core::result::Result::Ok(answers)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PaymentSettled as ::anywise::__private::EventInput>::MESSAGES);
        let arg1 = wiring
            .held(
                "events",
                ::anywise::__private::TypeInfo::of::<Events<(OrderConfirmed,)>>,
                <Events<(OrderConfirmed,)> as ::anywise::__private::UnitOfWork>::demand,
                <Events<(OrderConfirmed,)> as ::anywise::__private::UnitOfWork>::begin,
                <Events<(OrderConfirmed,)> as ::anywise::__private::UnitOfWork>::finish,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_listener(
                __Bound,
                (),
                (arg1, ()),
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
