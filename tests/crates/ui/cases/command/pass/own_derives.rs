//! Derives that the user wrote are kept.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::__private::{schemars, serde};
use anywise::prelude::*;

/// With all three.
#[command]
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// What for.
    pub order_id: u64,
}

/// With one of them.
#[command]
#[derive(Clone, serde::Serialize)]
pub struct Cancel {
    /// What for.
    pub order_id: u64,
}

fn main() {}
