#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "the form of a parameter says where its value comes from"
)]
fn digest(cmd: &Digest, limit: Header<Limit>, pepper: &Pepper) -> Result<Hash> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Pepper>);
    impl ::anywise::__private::Handle for __Bound {
        type Input = Digest;
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: Digest,
        ) -> ::anywise::__private::Call<'a, ::anywise::__private::ReplyOf<Digest>> {
            ::anywise::__private::Call::future(async move {
                let arg1 = ::anywise::__private::take::<Header<Limit>>(&mut scope)?;
                let d0 = ::core::clone::Clone::clone(&self.0);
                let (output,) = ::anywise::__private::blocking(move || {
                        let output = digest(&message, arg1, d0.get());
                        (output,)
                    })
                    .await?;
                ::anywise::__private::reply::<Digest, Result<Hash>>(output)
            })
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives_request::<Digest>();
        wiring.takes::<Header<Limit>>("limit");
        let d0 = wiring.needs::<Pepper>("pepper");
        wiring.returns::<Digest, Result<Hash>>();
        ::core::option::Option::Some(::anywise::__private::Bound::handler(__Bound(d0?)))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("digest", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .blocking()
    }
};
