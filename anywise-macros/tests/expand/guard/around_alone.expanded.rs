#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn through(mut next: Next<'_>) -> Result<()> {
    next.run().await
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::Around for __Bound {
        fn around<'a>(
            &'a self,
            next: ::anywise::__private::Next<'a>,
        ) -> ::anywise::__private::AroundStep<'a> {
            ::anywise::__private::AroundStep::future(async move {
                let output = through(next).await;
                <Result<()> as ::anywise::__private::GuardOutput>::into_result(output)
            })
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.next::<Next<'_>>();
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<()> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<()> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(::anywise::__private::Bound::around(__Bound))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("through", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .target(::anywise::__private::Target::kinds().commands()).around()
    }
};
