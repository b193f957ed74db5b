//! Settings.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// The settings of the gateway.
#[config(prefix = "payment.gateway")]
pub struct GatewayConfig {
    /// Where it is.
    pub url: String,
}

/// A client.
pub struct Client(pub String);

#[provide]
fn client(config: &GatewayConfig) -> Client {
    Client(config.url.clone())
}

fn main() {}
