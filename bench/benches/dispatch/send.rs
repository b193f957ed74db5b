//! `send` with nothing between the caller and the handler.

use std::pin::Pin;

use anywise::prelude::*;
use bench::{Duel, Ledger, Outcome, side};

use crate::{Boxed, app, boxed};

anywise::slice!(pub SLICE = "send");

#[command(local, reply = u64)]
pub struct Deposit {
    pub account: u32,
    pub amount: u64,
    pub note: String,
}

impl Deposit {
    pub fn number(at: u32) -> Self {
        Self { account: at % 16, amount: u64::from(at), note: String::from("salary") }
    }
}

#[handler]
pub async fn deposit(cmd: Deposit, ledger: &Ledger) -> Result<u64> {
    Ok(ledger.add(cmd.account, cmd.amount + cmd.note.len() as u64))
}

#[command(local, reply = u64)]
pub struct Withdraw {
    pub account: u32,
    pub amount: u64,
    pub note: String,
}

impl Withdraw {
    fn number(at: u32) -> Self {
        Self { account: at % 16, amount: u64::from(at), note: String::from("rent") }
    }
}

#[handler]
fn withdraw(cmd: Withdraw, ledger: &Ledger) -> Result<u64> {
    Ok(ledger.add(cmd.account, cmd.amount + cmd.note.len() as u64))
}

impl Boxed<Deposit> for Ledger {
    fn call(&self, message: Deposit) -> Pin<Box<dyn Future<Output = Result<u64>> + Send + '_>> {
        Box::pin(deposit(message, self))
    }
}

pub fn figures(report: &mut dyn FnMut(Outcome)) {
    let app = app(SLICE);
    let bare = boxed::<Deposit>(Ledger::default());
    report(Duel { figure: "send, async handler / boxed virtual call", bar: 1.4, per_call: 1 }.run(
        side!(Deposit::number, |message| app.send(message).await),
        side!(Deposit::number, |message| bare.call(message).await),
    ));
    let ledger = std::hint::black_box(Ledger::default());
    report(Duel { figure: "send, sync handler / direct call", bar: 1.2, per_call: 1 }.run(
        side!(Withdraw::number, |message| app.send(message).await),
        side!(Withdraw::number, |message| withdraw(message, &ledger)),
    ));
}
