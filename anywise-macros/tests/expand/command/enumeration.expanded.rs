#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[serde(crate = "::anywise::__private::serde")]
#[schemars(crate = "::anywise::__private::schemars")]
pub enum Change {
    Up(u8),
    Down { by: u8 },
}
const _: () = {
    impl ::anywise::__private::Message for Change {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::command(
                "Change",
                ::core::module_path!(),
                ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
            )
            .named("Change");
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
    }
    impl ::anywise::__private::Command for Change {}
    impl ::anywise::__private::Request for Change {
        type Reply = ();
    }
    impl ::anywise::__private::Input for Change {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::request:: < Change > ()
    }
};
