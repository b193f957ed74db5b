#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[serde(crate = "::anywise::__private::serde")]
#[serde(deny_unknown_fields)]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct OrdersOf {
    pub customer: CustomerId,
}
const _: () = {
    impl ::anywise::__private::Message for OrdersOf {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::query(
                "OrdersOf",
                ::core::module_path!(),
                ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
            )
            .http(
                "GET",
                "/orders/{customer}",
                ::core::option::Option::None,
                ::core::option::Option::None,
            );
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
    }
    impl ::anywise::__private::Query for OrdersOf {}
    impl ::anywise::__private::Request for OrdersOf {
        type Reply = Vec<Order>;
    }
    impl ::anywise::__private::Input for OrdersOf {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::request:: < OrdersOf > ()
    }
};
