#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
async fn get(query: &GetOrder, orders: &Orders) -> Order {
    orders.get(query.id).await
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Orders>);
    impl ::anywise::__private::Handle for __Bound {
        type Input = GetOrder;
        type Reply = ::anywise::__private::ReplyOf<GetOrder>;
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: GetOrder,
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
                    let output = get(&message, self.0.get()).await;
                    let reply = <Order as ::anywise::__private::IntoReply<
                        ::anywise::__private::ReplyOf<GetOrder>,
                    >>::into_reply(output)?;
                    scope.close();
                    ::core::result::Result::Ok(reply)
                },
            )
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<GetOrder as ::anywise::__private::RequestInput>::messages);
        let d0 = wiring.needs::<Orders>("orders");
        wiring
            .fails(
                <Order as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<GetOrder>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::handler(
                __Bound(d0?),
                <GetOrder as ::anywise::__private::RequestInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("get", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
