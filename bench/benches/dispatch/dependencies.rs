//! Dependencies are resolved at start-up: a call pays nothing for them.

use anywise::prelude::*;
use bench::{Ledger, Report, now, side};

anywise::slice!(pub(crate) SLICE = "dependencies");

/// Values that differ in type alone.
pub(crate) struct Part<const N: usize>;

/// The handlers find their ledger by another way, and each looks at five
/// parts: those that are no dependencies of it are constants, so that a figure
/// is of dependencies and not of looking.
static LEDGER: std::sync::LazyLock<Ledger> = std::sync::LazyLock::new(Ledger::default);

macro_rules! deposit {
    ($name:ident, $function:ident; $($part:ident: $number:literal)*; $($constant:literal)*) => {
        #[command(local, reply = u64)]
        pub(crate) struct $name {
            pub(crate) account: u32,
            pub(crate) amount: u64,
            pub(crate) note: String,
        }

        impl $name {
            fn number(at: u32) -> Self {
                Self { account: at % 16, amount: u64::from(at), note: String::from("salary") }
            }
        }

        #[handler]
        async fn $function(cmd: $name, $($part: &Part<$number>),*) -> u64 {
            $(std::hint::black_box($part);)*
            $(std::hint::black_box(&Part::<$constant>);)*
            LEDGER.add(cmd.account, cmd.amount + cmd.note.len() as u64)
        }
    };
}

deposit!(None, none; ; 1 2 3 4 5);
deposit!(One, one; a: 1; 2 3 4 5);
deposit!(Five, five; a: 1 b: 2 c: 3 d: 4 e: 5; );

pub(crate) fn figures(report: &Report) {
    let builder = App::builder().slices([SLICE]);
    let builder = builder
        .provide(Part::<1>)
        .provide(Part::<2>)
        .provide(Part::<3>)
        .provide(Part::<4>)
        .provide(Part::<5>);
    let app = now(builder.build()).unwrap_or_else(|error| panic!("{error}"));
    report.duel(
        "send, 1 dependency / no dependency",
        1.05,
        1,
        side!(One::number, |message| app.send(message).await),
        side!(None::number, |message| app.send(message).await),
    );
    report.duel(
        "send, 5 dependencies / no dependency",
        1.05,
        1,
        side!(Five::number, |message| app.send(message).await),
        side!(None::number, |message| app.send(message).await),
    );
}
