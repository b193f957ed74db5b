pub struct Open(pub Socket);
const _: () = {
    impl ::anywise::__private::Message for Open {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::command(
            "Open",
            ::core::module_path!(),
            ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
        );
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
    }
    impl ::anywise::__private::Command for Open {}
    impl ::anywise::__private::Request for Open {
        type Reply = Connection;
    }
    impl ::anywise::__private::Input for Open {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::local_request:: < Open > ()
    }
};
