//! The message: the same as in `bench/durable`, 200 bytes of JSON or so.

use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Happened {
    pub(crate) n: u64,
    pub(crate) account: String,
    text: String,
}

impl Happened {
    pub(crate) fn new(n: usize) -> Self {
        let text = "something that happened, told at length. ".repeat(3);
        Self { n: n as u64, account: format!("account-{n}"), text }
    }
}
