//! An impl block.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// A desk.
pub struct Desk {
    /// Its limit.
    pub limit: u64,
}

/// Charge a customer.
#[command(reply = u64)]
pub struct Charge(pub u64);

/// Money has come.
#[event]
pub struct Charged;

#[handlers]
impl Desk {
    /// A desk.
    #[must_use]
    pub fn new() -> Self {
        Self { limit: 5 }
    }

    #[handler(timeout = "5s")]
    async fn charge(&self, cmd: Charge, events: &mut Events<(Charged,)>) -> Result<u64> {
        events.publish(Charged);
        std::future::ready(Ok(cmd.0.min(self.limit))).await
    }

    #[listen]
    fn on_charged(&self, _: &Charged) {
        let _ = self.limit;
    }

    #[anywise::guard]
    fn limited(&self, cmd: &Charge) -> Result<()> {
        if cmd.0 > self.limit { Err(Error::internal("too much")) } else { Ok(()) }
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

fn main() {}
