//! Several messages for one function.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;

/// Money has come.
#[event]
#[derive(Clone)]
pub struct Charged;

/// Money has gone.
#[event]
#[derive(Clone)]
pub struct Refunded;

/// Money has moved.
#[one_of]
pub enum Moved {
    /// In.
    In(Charged),
    /// Out.
    Out(Refunded),
}

/// One.
#[command(reply = u64)]
#[derive(Clone)]
pub struct First;

/// Two.
#[command(reply = u64)]
#[derive(Clone)]
pub struct Second;

/// Either.
#[one_of]
pub enum Either {
    /// One.
    First(First),
    /// Two.
    Second(Second),
}

#[listen]
fn on_moved(moved: &Moved) {
    match moved {
        Moved::In(_) | Moved::Out(_) => {}
    }
}

#[handler]
async fn either(cmd: Either) -> u64 {
    std::future::ready(match cmd {
        Either::First(_) => 1,
        Either::Second(_) => 2,
    })
    .await
}

#[guard]
fn checked(_: &Either) -> Result<()> {
    Ok(())
}

fn main() {}
