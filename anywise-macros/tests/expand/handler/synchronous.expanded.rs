#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "the form of a parameter says where its value comes from"
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
    impl ::anywise::__private::Handle for __Bound {
        type Input = GetOrder;
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: GetOrder,
        ) -> ::anywise::__private::Call<'a, ::anywise::__private::ReplyOf<GetOrder>> {
            ::anywise::__private::Call::ready(
                (|| -> ::anywise::__private::Result<
                    ::anywise::__private::ReplyOf<GetOrder>,
                > {
                    let arg1 = ::anywise::__private::take::<Provided<User>>(&mut scope)?;
                    let output = get(message, arg1, self.0.get());
                    ::anywise::__private::reply::<GetOrder, Result<Order>>(output)
                })(),
            )
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives_request::<GetOrder>();
        wiring.takes::<Provided<User>>("user");
        let d0 = wiring.needs::<dyn Orders + Sync>("orders");
        wiring.returns::<GetOrder, Result<Order>>();
        ::core::option::Option::Some(::anywise::__private::Bound::handler(__Bound(d0?)))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("get", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
