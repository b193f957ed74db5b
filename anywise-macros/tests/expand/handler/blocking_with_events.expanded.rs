#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "the form of a parameter says where its value comes from"
)]
fn digest(
    cmd: Digest,
    pepper: &Pepper,
    events: &mut Events<(Digested,)>,
    tx: &mut Tx<Sqlite>,
) {
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
                let arg2 = ::anywise::__private::begin::<
                    Events<(Digested,)>,
                >(&mut scope)?;
                let arg3 = ::anywise::__private::begin::<Tx<Sqlite>>(&mut scope)?;
                let d0 = ::core::clone::Clone::clone(&self.0);
                let (output, arg2, arg3) = ::anywise::__private::blocking(move || {
                        let mut arg2 = arg2;
                        let mut arg3 = arg3;
                        let output = digest(message, d0.get(), &mut arg2, &mut arg3);
                        (output, arg2, arg3)
                    })
                    .await?;
                let reply = ::anywise::__private::reply::<Digest, ()>(output)?;
                ::anywise::__private::finish(arg2, &mut scope)?;
                ::anywise::__private::finish(arg3, &mut scope)?;
                ::anywise::__private::commit(&mut scope).await?;
                ::core::result::Result::Ok(reply)
            })
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives_request::<Digest>();
        let d0 = wiring.needs::<Pepper>("pepper");
        wiring.writes::<Digest, Events<(Digested,)>>("events");
        wiring.writes::<Digest, Tx<Sqlite>>("tx");
        wiring.returns::<Digest, ()>();
        ::core::option::Option::Some(::anywise::__private::Bound::handler(__Bound(d0?)))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("digest", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .timeout_ms(250).blocking()
    }
};
