//! `send` with guards: three before, async and sync, and around ones.

use std::pin::Pin;

use anywise::prelude::*;
use bench::{Ledger, Report, side};

use crate::{Boxed, app, boxed};

const ACCOUNTS: u32 = 16;

/// The work of a guard.
fn look(account: u32) -> Result<()> {
    if account < ACCOUNTS { Ok(()) } else { Err(Error::internal("no such account")) }
}

macro_rules! guarded {
    ($slice:literal, $($guards:tt)*) => {
        use super::*;

        anywise::slice!(pub(crate) SLICE = $slice);

        #[command(local, reply = u64)]
        pub(crate) struct Deposit {
            pub(crate) account: u32,
            pub(crate) amount: u64,
            pub(crate) note: String,
        }

        impl Deposit {
            pub(crate) fn number(at: u32) -> Self {
                Self { account: at % ACCOUNTS, amount: u64::from(at), note: String::from("salary") }
            }
        }

        #[handler]
        async fn deposit(cmd: Deposit, ledger: &Ledger) -> Result<u64> {
            Ok(ledger.add(cmd.account, cmd.amount + cmd.note.len() as u64))
        }

        impl Boxed<Deposit> for Ledger {
            fn call(&self, message: Deposit) -> Pin<Box<dyn Future<Output = Result<u64>> + Send + '_>> {
                Box::pin(deposit(message, self))
            }
        }

        pub(crate) fn duel(report: &Report, figure: &str, bar: f64) {
            let app = app(SLICE);
            let bare = boxed::<Deposit>(Ledger::default());
            report.duel(figure, bar, 1,
                side!(Deposit::number, |message| app.send(message).await),
                side!(Deposit::number, |message| bare.call(message).await),
            );
        }

        $($guards)*
    };
}

mod asynchronous {
    guarded! { "guards.async",
        #[guard(order = 1)]
        async fn first(cmd: &Deposit, _ledger: &Ledger) -> Result<()> { look(cmd.account) }
        #[guard(order = 2)]
        async fn second(cmd: &Deposit, _ledger: &Ledger) -> Result<()> { look(cmd.account) }
        #[guard(order = 3)]
        async fn third(cmd: &Deposit, _ledger: &Ledger) -> Result<()> { look(cmd.account) }
    }
}

mod synchronous {
    guarded! { "guards.sync",
        #[guard(order = 1)]
        fn first(cmd: &Deposit, _ledger: &Ledger) -> Result<()> { look(cmd.account) }
        #[guard(order = 2)]
        fn second(cmd: &Deposit, _ledger: &Ledger) -> Result<()> { look(cmd.account) }
        #[guard(order = 3)]
        fn third(cmd: &Deposit, _ledger: &Ledger) -> Result<()> { look(cmd.account) }
    }
}

mod around {
    guarded! { "guards.around",
        #[guard(around, slice)]
        async fn first(mut next: Next<'_>) -> Result<()> { next.run().await }
    }
}

pub(crate) fn figures(report: &Report) {
    asynchronous::duel(report, "send, 3 async before-guards / boxed virtual call", 2.7);
    synchronous::duel(report, "send, 3 sync before-guards / boxed virtual call", 2.7);
    around::duel(report, "send, 1 around-guard / boxed virtual call", f64::INFINITY);
}
