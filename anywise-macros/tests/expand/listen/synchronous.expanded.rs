#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn on_settled(event: &PaymentSettled, counter: &Counter) -> () {
    counter.add(1)
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Counter>);
    impl ::anywise::__private::ListenNow for __Bound {
        type Input = PaymentSettled;
        fn listen(
            &self,
            scope: &mut ::anywise::__private::Scope<'_>,
            message: &PaymentSettled,
        ) -> ::anywise::__private::Result<()> {
            let output = on_settled(message, self.0.get());
            let () = output;
            ::core::result::Result::Ok(())
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PaymentSettled as ::anywise::__private::EventInput>::MESSAGES);
        let d0 = wiring.needs::<Counter>("counter");
        ::core::option::Option::Some(
            ::anywise::__private::Bound::listener_now(
                __Bound(d0?),
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
