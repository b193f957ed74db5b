//! Every form of listener.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// Money has come.
#[event]
#[derive(Clone)]
pub struct Charged {
    /// How much.
    pub amount: u64,
}

/// An order is confirmed.
#[event]
pub struct Confirmed;

/// Confirm an order.
#[command]
pub struct Confirm;

/// Refund a customer.
#[command]
pub struct Refund;

/// A shared counter.
pub struct Counter(pub std::sync::atomic::AtomicU64);

#[listen]
async fn nothing(event: &Charged) {
    std::future::ready(event.amount).await;
}

#[listen]
fn counts(event: &Charged, counter: &Counter) {
    counter.0.fetch_add(event.amount, std::sync::atomic::Ordering::Relaxed);
}

#[listen(timeout = "2m")]
async fn confirms(_: &Charged, events: &mut Events<(Confirmed,)>) -> Result<Confirm> {
    events.publish(Confirmed);
    std::future::ready(Ok(Confirm)).await
}

#[listen]
fn perhaps(event: Charged) -> Option<Refund> {
    (event.amount == 0).then_some(Refund)
}

#[listen]
fn both(_: &Charged) -> (Confirm, Vec<Refund>) {
    (Confirm, Vec::new())
}

#[listen]
fn fails(_: &Charged) -> Result<()> {
    Err(Error::internal("never"))
}

#[listen]
fn quietly(_: &Charged, events: &mut Events<(Confirmed,)>) {
    events.publish(Confirmed);
}

#[listen(blocking)]
fn prints(event: &Charged, counter: &Counter, context: Context) -> Result<()> {
    counter.0.fetch_add(event.amount, std::sync::atomic::Ordering::Relaxed);
    drop(context);
    Ok(())
}

fn main() {}
