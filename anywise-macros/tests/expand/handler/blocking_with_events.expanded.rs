#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
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
                    let arg2 = <Events<
                        (Digested,),
                    > as ::anywise::__private::UnitOfWork>::begin(&mut scope)?;
                    let arg3 = <Tx<
                        Sqlite,
                    > as ::anywise::__private::UnitOfWork>::begin(&mut scope)?;
                    let d0 = ::core::clone::Clone::clone(&self.0);
                    let (output, arg2, arg3) = ::anywise::__private::blocking(move || {
                            let mut arg2 = arg2;
                            let mut arg3 = arg3;
                            let output = digest(message, d0.get(), &mut arg2, &mut arg3);
                            (output, arg2, arg3)
                        })
                        .await?;
                    let reply = <() as ::anywise::__private::IntoReply<
                        ::anywise::__private::ReplyOf<Digest>,
                    >>::into_reply(output)?;
                    <Events<
                        (Digested,),
                    > as ::anywise::__private::UnitOfWork>::finish(
                        arg2,
                        ::anywise::__private::work(&mut scope),
                    )?;
                    <Tx<
                        Sqlite,
                    > as ::anywise::__private::UnitOfWork>::finish(
                        arg3,
                        ::anywise::__private::work(&mut scope),
                    )?;
                    ::anywise::__private::commit(&mut scope, &reply).await?;
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
        let d0 = wiring.needs::<Pepper>("pepper");
        wiring.writable::<Digest>();
        wiring
            .writes(
                "events",
                ::anywise::__private::TypeInfo::of::<Events<(Digested,)>>,
                <Events<(Digested,)> as ::anywise::__private::UnitOfWork>::demand,
            );
        wiring.writable::<Digest>();
        wiring
            .writes(
                "tx",
                ::anywise::__private::TypeInfo::of::<Tx<Sqlite>>,
                <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::demand,
            );
        wiring
            .fails(
                <() as ::anywise::__private::IntoReply<
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
        .timeout_ms(250).blocking()
    }
};
