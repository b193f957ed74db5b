#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "the form of a parameter says where its value comes from"
)]
fn place(cmd: &PlaceOrder, events: &mut Events<(OrderPlaced,)>) -> OrderId {
    body()
}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::Handle for __Bound {
        type Input = PlaceOrder;
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: PlaceOrder,
        ) -> ::anywise::__private::Call<'a, ::anywise::__private::ReplyOf<PlaceOrder>> {
            ::anywise::__private::Call::future(async move {
                let mut arg1 = ::anywise::__private::begin::<
                    Events<(OrderPlaced,)>,
                >(&mut scope)?;
                let output = place(&message, &mut arg1);
                let reply = ::anywise::__private::reply::<PlaceOrder, OrderId>(output)?;
                ::anywise::__private::finish(arg1, &mut scope)?;
                ::anywise::__private::commit(&mut scope).await?;
                ::core::result::Result::Ok(reply)
            })
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives_request::<PlaceOrder>();
        wiring.writes::<PlaceOrder, Events<(OrderPlaced,)>>("events");
        wiring.returns::<PlaceOrder, OrderId>();
        ::core::option::Option::Some(::anywise::__private::Bound::handler(__Bound))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("place", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
