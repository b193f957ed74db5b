#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn timed(cx: Context, clock: &Clock, mut next: Next<'_>) -> Result<()> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Clock>);
    impl ::anywise::__private::Around for __Bound {
        fn around<'a>(
            &'a self,
            mut next: ::anywise::__private::Next<'a>,
        ) -> ::anywise::__private::AroundStep<'a> {
            ::anywise::__private::AroundStep::future(async move {
                let arg0 = ::anywise::__private::take_next(
                    &mut next,
                    <Context as ::anywise::__private::FromContext>::from_context,
                )?;
                let output = timed(arg0, self.0.get(), next).await;
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
            .takes(
                "cx",
                ::anywise::__private::TypeInfo::of::<Context>,
                <Context as ::anywise::__private::FromContext>::demand,
            );
        let d0 = wiring.needs::<Clock>("clock");
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<()> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<()> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(::anywise::__private::Bound::around(__Bound(d0?)))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("timed", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .target(::anywise::__private::Target::all()).around()
    }
};
