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
    impl ::anywise::__private::RunListener for __Bound {
        type Input = PaymentSettled;
        const SENDS: bool = <Option<
            ConfirmOrder,
        > as ::anywise::__private::Answer>::SENDS;
        type Output = Option<ConfirmOrder>;
        type Values = ();
        type Units = ();
        #[inline]
        fn run<'a>(
            &'a self,
            message: &'a PaymentSettled,
            (): Self::Values,
            (): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            async move {
                on_settled(::anywise::__private::owned::<PaymentSettled>(message))
            }
        }
        #[inline]
        fn answers(
            output: Self::Output,
        ) -> ::anywise::__private::Result<::anywise::__private::Answers> {
            let mut answers = ::anywise::__private::Answers::default();
            <Option<
                ConfirmOrder,
            > as ::anywise::__private::Answer>::collect(output, &mut answers)?;
            ::core::result::Result::Ok(answers)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PaymentSettled as ::anywise::__private::EventInput>::MESSAGES);
        wiring.answers(<Option<ConfirmOrder> as ::anywise::__private::Answer>::describe);
        wiring.fails(<Option<ConfirmOrder> as ::anywise::__private::Answer>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_listener(
                __Bound,
                (),
                (),
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
