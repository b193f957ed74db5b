#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn digest(cmd: &Digest, limit: Header<Limit>, pepper: &Pepper) -> Result<Hash> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Pepper>);
    impl ::anywise::__private::Handle for __Bound {
        type Input = Digest;
        type Reply = ::anywise::__private::ReplyOf<Digest>;
        fn handle<'a>(
            &'a self,
            place: ::anywise::__private::Place<'a>,
            luggage: ::anywise::__private::Luggage,
            message: Digest,
        ) -> ::anywise::__private::BoxFuture<
            'a,
            ::anywise::__private::Result<Self::Reply>,
        > {
            let mut scope = ::anywise::__private::Scope::new(place, luggage);
            let room = ::anywise::__private::room();
            ::anywise::__private::call(
                room,
                async move {
                    if scope.is_guarded() {
                        ::anywise::__private::pass(&mut scope, &message).await?;
                    }
                    let arg1 = <Header<
                        Limit,
                    > as ::anywise::__private::FromContext>::from_context(&mut scope)?;
                    let d0 = ::core::clone::Clone::clone(&self.0);
                    let (output,) = ::anywise::__private::blocking(move || {
                            let output = digest(&message, arg1, d0.get());
                            (output,)
                        })
                        .await?;
                    let reply = <Result<
                        Hash,
                    > as ::anywise::__private::IntoReply<
                        ::anywise::__private::ReplyOf<Digest>,
                    >>::into_reply(output)?;
                    scope.close();
                    ::core::result::Result::Ok(reply)
                },
            )
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<Digest as ::anywise::__private::RequestInput>::MESSAGES);
        wiring
            .takes(
                "limit",
                ::anywise::__private::TypeInfo::of::<Header<Limit>>,
                <Header<Limit> as ::anywise::__private::FromContext>::demand,
            );
        let d0 = wiring.needs::<Pepper>("pepper");
        wiring
            .fails(
                <Result<
                    Hash,
                > as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<Digest>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::handler(
                __Bound(d0?),
                <Digest as ::anywise::__private::RequestInput>::waits,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("digest", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
        .blocking()
    }
};
