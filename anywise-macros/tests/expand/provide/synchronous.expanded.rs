#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn clock() -> Clock {
    Clock::new()
}
const _: () = {
    type __Output = Clock;
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        {
            use ::anywise::__private::tag::*;
            wiring.builds((&&&&Tag::<__Output>::new()).provided());
        }
        ::core::option::Option::Some(
            ::anywise::__private::Bound::provider(async move {
                let output = clock();
                {
                    use ::anywise::__private::tag::*;
                    (&&&&Tag::<__Output>::new()).erase(output)
                }
            }),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::provider("clock", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
