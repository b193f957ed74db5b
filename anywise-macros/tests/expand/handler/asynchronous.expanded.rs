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
    impl ::anywise::__private::RunHandler for __Bound {
        type Input = GetOrder;
        type Reply = ::anywise::__private::ReplyOf<GetOrder>;
        type Output = Order;
        type Values = ();
        type Units = ();
        #[inline]
        fn run<'a>(
            &'a self,
            message: GetOrder,
            (): Self::Values,
            (): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            async move { get(&message, self.0.get()).await }
        }
        #[inline]
        fn reply(output: Self::Output) -> ::anywise::__private::Result<Self::Reply> {
            <Order as ::anywise::__private::IntoReply<
                ::anywise::__private::ReplyOf<GetOrder>,
            >>::into_reply(output)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<GetOrder as ::anywise::__private::RequestInput>::MESSAGES);
        let d0 = wiring.needs::<Orders>("orders");
        wiring
            .fails(
                <Order as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<GetOrder>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_handler(
                __Bound(d0?),
                (),
                (),
                <GetOrder as ::anywise::__private::RequestInput>::waits,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("get", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
