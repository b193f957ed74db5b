//! Every form of handler and parameter.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// A user.
pub struct User(pub u64);

/// A payment service.
pub trait Gateway: Send + Sync {
    /// Takes money.
    fn charge(&self, amount: u64) -> bool;
}

/// A shared counter.
pub struct Counter;

/// Charge a customer.
#[command(reply = u64)]
pub struct Charge {
    /// How much.
    pub amount: u64,
}

/// Refund a customer.
#[command]
pub struct Refund(pub u64);

/// Digest a text.
#[command(reply = usize)]
pub struct Digest(pub String);

/// Digest a text and say so.
#[command]
pub struct DigestAloud(pub String);

/// Do nothing.
#[command]
pub struct Nothing;

/// The balance.
#[query(reply = u64)]
pub struct Balance;

/// Money has come.
#[event]
pub struct Charged;

/// Money has not come.
#[event]
pub struct Declined;

/// What goes wrong.
#[derive(Debug, Fault)]
pub enum ChargeError {
    /// No money.
    #[fault(kind = declined, code = "payment.declined", message = "declined by {by}", detail = "another card?")]
    Declined {
        /// The user.
        by: u64,
    },
}

/// Every parameter.
#[handler(timeout = "5s", concurrency = 8)]
async fn charge(
    cmd: Charge,
    user: Provided<User>,
    gateway: &dyn Gateway,
    context: Context,
    queries: Queries<(Balance,)>,
    events: &mut Events<(Charged, Declined)>,
) -> Result<u64, ChargeError> {
    let balance = queries.ask(Balance).await.unwrap_or_default();
    if gateway.charge(cmd.amount) && balance > 0 && !context.name().is_empty() {
        events.publish(Charged);
        return Ok(cmd.amount);
    }
    events.publish(Declined);
    Err(ChargeError::Declined { by: user.0 })
}

#[handler]
fn refund(cmd: &Refund, _: &Counter, events: &mut Events<(Charged,)>) -> Result<()> {
    if cmd.0 == 0 {
        events.publish(Charged);
    }
    Ok(())
}

#[handler(blocking)]
fn digest(cmd: &Digest, Header(_auth): Header<Authorization>, _counter: &Counter) -> Result<usize> {
    Ok(cmd.0.len())
}

#[handler(blocking, timeout = "250ms")]
fn digest_aloud(cmd: DigestAloud, events: &mut Events<(Charged,)>) {
    drop(cmd);
    events.publish(Charged);
}

#[handler]
fn nothing(_: Nothing) {}

#[handler]
fn balance(_: Balance, _: &(dyn Gateway + Sync)) -> u64 {
    5
}

fn main() {}
