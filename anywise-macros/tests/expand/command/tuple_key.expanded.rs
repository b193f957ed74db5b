#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[serde(crate = "::anywise::__private::serde")]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct Cancel(pub OrderId, pub String);
const _: () = {
    impl ::anywise::__private::Message for Cancel {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::command(
                "Cancel",
                ::core::module_path!(),
                ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
            )
            .key("0");
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
        fn key(&self) -> ::core::option::Option<::std::string::String> {
            ::anywise::__private::key(&self.0)
        }
    }
    impl ::anywise::__private::Command for Cancel {}
    impl ::anywise::__private::Request for Cancel {
        type Reply = ();
    }
    impl ::anywise::__private::Input for Cancel {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::request:: < Cancel > ()
    }
};
