#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[serde(crate = "::anywise::__private::serde")]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct Charge {
    #[serde(flatten)]
    pub order: Order,
}
const _: () = {
    impl ::anywise::__private::Message for Charge {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::command(
            "Charge",
            ::core::module_path!(),
            ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
        );
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
    }
    impl ::anywise::__private::Command for Charge {}
    impl ::anywise::__private::Request for Charge {
        type Reply = ();
    }
    impl ::anywise::__private::Input for Charge {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::request:: < Charge > ()
    }
};
