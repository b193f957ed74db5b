#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn place(cmd: &PlaceOrder, events: &mut Events<(OrderPlaced,)>) -> OrderId {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::Handle for __Bound {
        type Input = PlaceOrder;
        type Reply = ::anywise::__private::ReplyOf<PlaceOrder>;
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: PlaceOrder,
        ) -> ::anywise::__private::BoxFuture<
            'a,
            ::anywise::__private::Result<Self::Reply>,
        > {
            let room = ::anywise::__private::room();
            ::anywise::__private::call(
                room,
                async move {
                    if scope.is_guarded() {
                        ::anywise::__private::pass(&mut scope, &message).await?;
                    }
                    let mut arg1 = <Events<
                        (OrderPlaced,),
                    > as ::anywise::__private::UnitOfWork>::begin(&mut scope)?;
                    let output = place(&message, &mut arg1);
                    let reply = <OrderId as ::anywise::__private::IntoReply<
                        ::anywise::__private::ReplyOf<PlaceOrder>,
                    >>::into_reply(output)?;
                    <Events<
                        (OrderPlaced,),
                    > as ::anywise::__private::UnitOfWork>::finish(
                        arg1,
                        ::anywise::__private::work(&mut scope),
                    )?;
                    ::anywise::__private::commit(&mut scope, &reply).await?;
                    scope.close();
                    ::core::result::Result::Ok(reply)
                },
            )
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PlaceOrder as ::anywise::__private::RequestInput>::messages);
        wiring.writable::<PlaceOrder>();
        wiring
            .writes(
                "events",
                ::anywise::__private::TypeInfo::of::<Events<(OrderPlaced,)>>,
                <Events<(OrderPlaced,)> as ::anywise::__private::UnitOfWork>::demand,
            );
        wiring
            .fails(
                <OrderId as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<PlaceOrder>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::handler(
                __Bound,
                <PlaceOrder as ::anywise::__private::RequestInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("place", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
