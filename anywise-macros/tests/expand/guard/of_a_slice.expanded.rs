#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn signed_in(auth: Header<Authorization>, keys: &JwtKeys) -> Result<User> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<JwtKeys>);
    impl ::anywise::__private::CheckAny for __Bound {
        fn check<'a>(
            &'a self,
            scope: &'a mut ::anywise::__private::Scope<'_>,
        ) -> ::anywise::__private::Step<'a> {
            ::anywise::__private::Step::future(async move {
                let arg0 = <Header<
                    Authorization,
                > as ::anywise::__private::FromContext>::from_context(scope)?;
                let output = signed_in(arg0, self.0.get()).await;
                ::anywise::__private::provide(
                    <Result<
                        User,
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
        wiring
            .takes(
                "auth",
                ::anywise::__private::TypeInfo::of::<Header<Authorization>>,
                <Header<Authorization> as ::anywise::__private::FromContext>::demand,
            );
        let d0 = wiring.needs::<JwtKeys>("keys");
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<User> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<User> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::guard_any(__Bound(d0?)),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("signed_in", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .target(::anywise::__private::Target::slice())
    }
};
