#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
/// Money has moved.
#[serde(crate = "::anywise::__private::serde")]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct PaymentSettled {
    pub order_id: OrderId,
}
const _: () = {
    impl ::anywise::__private::Message for PaymentSettled {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::event(
                "PaymentSettled",
                ::core::module_path!(),
                ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
            )
            .docs("Money has moved.")
            .key("order_id");
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
        fn key(&self) -> ::core::option::Option<::std::string::String> {
            ::anywise::__private::key(&self.order_id)
        }
    }
    impl ::anywise::__private::Event for PaymentSettled {}
    impl ::anywise::__private::Input for PaymentSettled {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::event:: < PaymentSettled > ()
    }
};
