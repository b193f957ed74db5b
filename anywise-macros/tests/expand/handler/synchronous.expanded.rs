#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn get(
    query: GetOrder,
    Provided(user): Provided<User>,
    orders: &(dyn Orders + Sync),
) -> Result<Order> {
    orders.get(query.id, user)
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<dyn Orders + Sync>);
    impl ::anywise::__private::HandleNow for __Bound {
        type Input = GetOrder;
        type Reply = ::anywise::__private::ReplyOf<GetOrder>;
        fn handle(
            &self,
            scope: &mut ::anywise::__private::Scope<'_>,
            message: GetOrder,
        ) -> ::anywise::__private::Result<Self::Reply> {
            let arg1 = <Provided<
                User,
            > as ::anywise::__private::FromContext>::from_context(scope)?;
            let output = get(message, arg1, self.0.get());
            <Result<
                Order,
            > as ::anywise::__private::IntoReply<
                ::anywise::__private::ReplyOf<GetOrder>,
            >>::into_reply(output)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<GetOrder as ::anywise::__private::RequestInput>::MESSAGES);
        wiring
            .takes(
                "user",
                ::anywise::__private::TypeInfo::of::<Provided<User>>,
                <Provided<User> as ::anywise::__private::FromContext>::demand,
            );
        let d0 = wiring.needs::<dyn Orders + Sync>("orders");
        wiring
            .fails(
                <Result<
                    Order,
                > as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<GetOrder>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::handler_now(
                __Bound(d0?),
                <GetOrder as ::anywise::__private::RequestInput>::now,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("get", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
