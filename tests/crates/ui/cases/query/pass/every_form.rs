//! Queries.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// The balance of an account.
#[query(reply = u64, http = "GET /accounts/{account}")]
pub struct Balance {
    /// The account.
    pub account: String,
}

/// All accounts.
#[query(reply = Vec<String>)]
pub struct Accounts;

#[handler]
async fn balance(_: &Balance) -> u64 {
    std::future::ready(5).await
}

#[handler]
fn accounts(_: Accounts) -> Result<Vec<String>> {
    Ok(Vec::new())
}

fn main() {}
