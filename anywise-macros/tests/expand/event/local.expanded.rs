pub struct Ticked;
const _: () = {
    impl ::anywise::__private::Message for Ticked {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::event(
                "Ticked",
                ::core::module_path!(),
                ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
            )
            .unit();
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
    }
    impl ::anywise::__private::Event for Ticked {}
    impl ::anywise::__private::Input for Ticked {
        type Shape = ::anywise::__private::Single;
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::local_event:: < Ticked > ()
    }
};
