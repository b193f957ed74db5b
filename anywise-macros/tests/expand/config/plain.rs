#[config(prefix = "payment.gateway")]
pub struct GatewayConfig {
    /// Where it is.
    pub url: String,
}
