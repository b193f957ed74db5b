#[derive(
    ::framework::__private::serde::Serialize,
    ::framework::__private::serde::Deserialize,
    ::framework::__private::schemars::JsonSchema
)]
#[serde(crate = "::framework::__private::serde")]
#[serde(deny_unknown_fields)]
#[schemars(crate = "::framework::__private::schemars")]
pub struct Charge {
    pub order_id: OrderId,
}
const _: () = {
    impl ::framework::__private::Message for Charge {
        const META: &'static ::framework::__private::MessageMeta = &::framework::__private::MessageMeta::command(
            "Charge",
            ::core::module_path!(),
            ::framework::__private::Site::new(::core::file!(), ::core::line!()),
        );
        fn slot() -> &'static ::framework::__private::Slot {
            static SLOT: ::framework::__private::Slot = ::framework::__private::Slot::new();
            &SLOT
        }
    }
    impl ::framework::__private::Command for Charge {}
    impl ::framework::__private::Request for Charge {
        type Reply = ();
    }
    impl ::framework::__private::Input for Charge {
        type Shape = ::framework::__private::Single;
    }
    ::framework::__private::inventory::submit! {
        ::framework::__private::MessageEntry::request:: < Charge > ()
    }
};
