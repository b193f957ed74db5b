#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn picky(cx: Context) -> Result<()> {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::CheckAny for __Bound {
        fn check<'a>(
            &'a self,
            scope: &'a mut ::anywise::__private::Scope<'_>,
        ) -> ::anywise::__private::Step<'a> {
            ::anywise::__private::Step::ready(
                (|| {
                    let arg0 = <Context as ::anywise::__private::FromContext>::from_context(
                        scope,
                    )?;
                    let output = picky(arg0);
                    ::anywise::__private::provide(
                        <Result<
                            (),
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
        wiring
            .takes(
                "cx",
                ::anywise::__private::TypeInfo::of::<Context>,
                <Context as ::anywise::__private::FromContext>::demand,
            );
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<()> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<()> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(::anywise::__private::Bound::guard_any(__Bound))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("picky", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .target(::anywise::__private::Target::messages(& [::anywise::__private::message::
        < GetOrder >, ::anywise::__private::message:: < CancelOrder >]))
    }
};
