#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn owner(
    query: &GetOrder,
    user: Provided<User>,
    orders: &dyn Orders,
) -> Result<()> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<dyn Orders>);
    impl ::anywise::__private::Check for __Bound {
        type Input = GetOrder;
        fn check<'a>(
            &'a self,
            scope: &'a mut ::anywise::__private::Scope<'_>,
            message: &'a GetOrder,
        ) -> ::anywise::__private::Step<'a> {
            ::anywise::__private::Step::future(async move {
                let arg1 = <Provided<
                    User,
                > as ::anywise::__private::FromContext>::from_context(scope)?;
                let output = owner(message, arg1, self.0.get()).await;
                ::anywise::__private::provide(
                    <Result<
                        (),
                    > as ::anywise::__private::GuardOutput>::into_result(output)?,
                    scope,
                )
            })
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<GetOrder as ::anywise::__private::GuardInput>::MESSAGES);
        wiring
            .takes(
                "user",
                ::anywise::__private::TypeInfo::of::<Provided<User>>,
                <Provided<User> as ::anywise::__private::FromContext>::demand,
            );
        let d0 = wiring.needs::<dyn Orders>("orders");
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<()> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<()> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::guard(
                __Bound(d0?),
                <GetOrder as ::anywise::__private::GuardInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("owner", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .order(- 5).timeout_ms(1000)
    }
};
