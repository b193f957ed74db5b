#[derive(
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[serde(crate = "::anywise::__private::serde")]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct GatewayConfig {
    /// Where it is.
    pub url: String,
}
const _: () = {
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::ConfigEntry::of:: < GatewayConfig > ("payment.gateway",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()))
    }
};
