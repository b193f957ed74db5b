#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[serde(crate = "::anywise::__private::serde")]
#[serde(deny_unknown_fields)]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct Charge {
    pub order_id: OrderId,
}
const _: () = {
    impl ::anywise::__private::Message for Charge {
        const META: &'static ::anywise::__private::MessageMeta = &::anywise::__private::MessageMeta::command(
                "Charge",
                ::core::module_path!(),
                ::anywise::__private::Site::new(::core::file!(), ::core::line!()),
            )
            .named("payment.Charge")
            .version(2)
            .aliases(&["payment.Pay", "billing.Charge"])
            .key("order_id")
            .http(
                "POST",
                "/payments/{order_id}",
                ::core::option::Option::Some(201),
                ::core::option::Option::Some("/payments/{payment_id}"),
            )
            .families(
                &[
                    ::anywise::__private::family::<Money>,
                    ::anywise::__private::family::<audit::Audited>,
                ],
            );
        fn slot() -> &'static ::anywise::__private::Slot {
            static SLOT: ::anywise::__private::Slot = ::anywise::__private::Slot::new();
            &SLOT
        }
        fn key(&self) -> ::core::option::Option<::std::string::String> {
            ::anywise::__private::key(&self.order_id)
        }
    }
    impl ::anywise::__private::Command for Charge {}
    impl ::anywise::__private::Request for Charge {
        type Reply = Receipt;
    }
    impl ::anywise::__private::Input for Charge {
        type Shape = ::anywise::__private::Single;
    }
    impl ::anywise::__private::InFamily<Money> for Charge {}
    impl ::anywise::__private::InFamily<audit::Audited> for Charge {}
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::MessageEntry::request:: < Charge > ()
    }
};
