#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn on_settled(
    event: &PaymentSettled,
    tx: &mut Tx<Sqlite>,
) -> Result<ConfirmOrder> {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::RunListener for __Bound {
        type Input = PaymentSettled;
        const SENDS: bool = <Result<
            ConfirmOrder,
        > as ::anywise::__private::Answer>::SENDS;
        type Output = Result<ConfirmOrder>;
        type Values = ();
        type Units = (Tx<Sqlite>, ());
        #[inline]
        fn take(
            scope: &mut ::anywise::__private::Scope<'_>,
        ) -> ::anywise::__private::Result<(Self::Values, Self::Units)> {
            let arg1 = <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::begin(scope)?;
            ::core::result::Result::Ok(((), (arg1, ())))
        }
        #[inline]
        fn run<'a>(
            &'a self,
            message: &'a PaymentSettled,
            (): Self::Values,
            (arg1, ()): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            on_settled(message, arg1)
        }
        #[inline]
        fn finish(
            output: Self::Output,
            (arg1, ()): Self::Units,
            scope: &mut ::anywise::__private::Scope<'_>,
        ) -> ::anywise::__private::Result<::anywise::__private::Answers> {
            let mut answers = ::anywise::__private::Answers::default();
            <Result<
                ConfirmOrder,
            > as ::anywise::__private::Answer>::collect(output, &mut answers)?;
            let returned = answers;
            <Tx<
                Sqlite,
            > as ::anywise::__private::UnitOfWork>::finish(
                arg1,
                ::anywise::__private::work(scope),
            )?;
            ::core::result::Result::Ok(returned)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PaymentSettled as ::anywise::__private::EventInput>::MESSAGES);
        wiring
            .writes(
                "tx",
                ::anywise::__private::TypeInfo::of::<Tx<Sqlite>>,
                <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::demand,
            );
        wiring.answers(<Result<ConfirmOrder> as ::anywise::__private::Answer>::describe);
        wiring.fails(<Result<ConfirmOrder> as ::anywise::__private::Answer>::DECLARED);
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
        ::core::line!()), __wire).concurrency(1)
    }
};
