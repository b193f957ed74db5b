//! `send` with nothing between the caller and the handler.

use std::pin::Pin;

use anywise::prelude::*;
use bench::{Ledger, Report, side};

use crate::{Boxed, app, boxed};

anywise::slice!(pub(crate) SLICE = "send");

#[command(local, reply = u64)]
pub(crate) struct Deposit {
    pub(crate) account: u32,
    pub(crate) amount: u64,
    pub(crate) note: String,
}

impl Deposit {
    pub(crate) fn number(at: u32) -> Self {
        Self { account: at % 16, amount: u64::from(at), note: String::from("salary") }
    }
}

#[handler]
pub(crate) async fn deposit(cmd: Deposit, ledger: &Ledger) -> Result<u64> {
    Ok(ledger.add(cmd.account, cmd.amount + cmd.note.len() as u64))
}

#[command(local, reply = u64)]
pub(crate) struct Withdraw {
    pub(crate) account: u32,
    pub(crate) amount: u64,
    pub(crate) note: String,
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

pub(crate) fn figures(report: &Report) {
    let app = app(SLICE);
    let bare = boxed::<Deposit>(Ledger::default());
    report.duel(
        "send, async handler / boxed virtual call",
        1.4,
        1,
        side!(Deposit::number, |message| app.send(message).await),
        side!(Deposit::number, |message| bare.call(message).await),
    );
    let ledger = std::hint::black_box(Ledger::default());
    report.duel(
        "send, sync handler / direct call",
        1.2,
        1,
        side!(Withdraw::number, |message| app.send(message).await),
        side!(Withdraw::number, |message| withdraw(message, &ledger)),
    );
}
