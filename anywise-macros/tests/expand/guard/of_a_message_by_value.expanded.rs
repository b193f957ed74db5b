#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn owner(query: GetOrder) -> Result<Owner> {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::Check for __Bound {
        type Input = GetOrder;
        fn check<'a>(
            &'a self,
            scope: &'a mut ::anywise::__private::Scope<'_>,
            message: &'a GetOrder,
        ) -> ::anywise::__private::Step<'a> {
            ::anywise::__private::Step::ready(
                (|| {
                    let output = owner(::anywise::__private::owned::<GetOrder>(message));
                    ::anywise::__private::provide(
                        <Result<
                            Owner,
                        > as ::anywise::__private::GuardOutput>::into_result(output)?,
                        scope,
                    )
                })(),
            )
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<GetOrder as ::anywise::__private::GuardInput>::MESSAGES);
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<Owner> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<Owner> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::guard(
                __Bound,
                <GetOrder as ::anywise::__private::GuardInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("owner", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
