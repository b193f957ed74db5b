//! Every form of guard.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// A user.
pub struct User(pub String);

/// Keys of tokens.
pub struct Keys;

/// Commands that move money.
pub struct Money;

/// Charge a customer.
#[command(family(Money))]
#[derive(Clone)]
pub struct Charge;

/// Refund a customer.
#[command]
pub struct Refund;

#[guard(slice)]
async fn signed_in(auth: Header<Authorization>, _keys: &Keys) -> Result<User> {
    std::future::ready(()).await;
    Ok(User(auth.credentials().to_owned()))
}

#[guard(order = -5, timeout = "1s")]
async fn owner(_: &Charge, user: Provided<User>) -> Result<()> {
    std::future::ready(user.0.len()).await;
    Ok(())
}

#[guard]
fn by_value(_: Charge) -> Result<()> {
    Ok(())
}

#[guard(all)]
fn everything() -> Result<()> {
    Ok(())
}

#[guard(commands, queries)]
fn requests(context: Context) -> Result<()> {
    if context.name().is_empty() { Err(Error::internal("no name")) } else { Ok(()) }
}

#[guard(family = Money, commands, order = 3)]
fn money(_: &Keys) -> Result<()> {
    Ok(())
}

#[guard(messages(Charge, Refund))]
fn picky() -> Result<()> {
    Ok(())
}

#[guard(around, all)]
async fn timed(context: Context, _: &Keys, mut next: Next<'_>) -> Result<()> {
    next.run().await?;
    drop(context);
    Ok(())
}

#[guard(around, events)]
async fn through(mut next: Next<'_>) -> Result<()> {
    next.run().await
}

fn main() {}
