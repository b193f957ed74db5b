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
        fn take(
            scope: &mut ::anywise::__private::Scope<'_>,
        ) -> ::anywise::__private::Result<(Self::Values, Self::Units)> {
            let arg1 = <Events<
                (OrderConfirmed,),
            > as ::anywise::__private::UnitOfWork>::begin(scope)?;
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
            async move { on_settled(message, arg1) }
        }
        #[inline]
        fn finish(
            output: Self::Output,
            (arg1, ()): Self::Units,
            scope: &mut ::anywise::__private::Scope<'_>,
        ) -> ::anywise::__private::Result<::anywise::__private::Answers> {
            let () = output;
            let returned = ::anywise::__private::Answers::default();
            <Events<
                (OrderConfirmed,),
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
                "events",
                ::anywise::__private::TypeInfo::of::<Events<(OrderConfirmed,)>>,
                <Events<(OrderConfirmed,)> as ::anywise::__private::UnitOfWork>::demand,
            );
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
