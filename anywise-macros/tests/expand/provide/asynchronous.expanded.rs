#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn gateway(config: &PaymentConfig, client: &Client) -> Result<Box<dyn Gateway>> {
    body()
}
const _: () = {
    type __Output = Result<Box<dyn Gateway>>;
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        let d0 = wiring.needs::<PaymentConfig>("config");
        let d1 = wiring.needs::<Client>("client");
        {
            use ::anywise::__private::tag::*;
            wiring.builds((&&&&Tag::<__Output>::new()).provided());
        }
        let d0 = d0?;
        let d1 = d1?;
        ::core::option::Option::Some(
            ::anywise::__private::Bound::provider(async move {
                let output = gateway(d0.get(), d1.get()).await;
                {
                    use ::anywise::__private::tag::*;
                    (&&&&Tag::<__Output>::new()).erase(output)
                }
            }),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::provider("gateway", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
