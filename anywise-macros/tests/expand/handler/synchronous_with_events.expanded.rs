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
    impl ::anywise::__private::RunHandler for __Bound {
        type Input = PlaceOrder;
        type Reply = ::anywise::__private::ReplyOf<PlaceOrder>;
        type Output = OrderId;
        type Values = ();
        type Units = (Events<(OrderPlaced,)>, ());
        #[inline]
        fn run<'a>(
            &'a self,
            message: PlaceOrder,
            (): Self::Values,
            (arg1, ()): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            async move { place(&message, arg1) }
        }
        #[inline]
        fn reply(output: Self::Output) -> ::anywise::__private::Result<Self::Reply> {
            <OrderId as ::anywise::__private::IntoReply<
                ::anywise::__private::ReplyOf<PlaceOrder>,
            >>::into_reply(output)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<PlaceOrder as ::anywise::__private::RequestInput>::MESSAGES);
        wiring.writable::<PlaceOrder>();
        let arg1 = wiring
            .held(
                "events",
                ::anywise::__private::TypeInfo::of::<Events<(OrderPlaced,)>>,
                <Events<(OrderPlaced,)> as ::anywise::__private::UnitOfWork>::demand,
                <Events<(OrderPlaced,)> as ::anywise::__private::UnitOfWork>::begin,
                <Events<(OrderPlaced,)> as ::anywise::__private::UnitOfWork>::finish,
            );
        wiring
            .fails(
                <OrderId as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<PlaceOrder>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_handler(
                __Bound,
                (),
                (arg1, ()),
                <PlaceOrder as ::anywise::__private::RequestInput>::waits,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("place", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
