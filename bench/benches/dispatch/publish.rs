//! `publish` to listeners that finish at once, each a function of its own.

use std::pin::Pin;
use std::sync::Arc;

use anywise::Slice;
use anywise::prelude::*;
use bench::{CALLS, Ledger, Report, side};

use crate::app;

/// The bare thing: a virtual method that borrows the event.
trait Hears<E>: Send + Sync {
    fn hear<'a>(&'a self, event: &'a E) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
}

trait Numbered: anywise::Event {
    fn number(at: u32) -> Self;
}

fn duel<E: Numbered>(report: &Report, figure: &str, bar: f64, slice: Slice, bare: &[Arc<dyn Hears<E>>]) {
    let app = app(slice);
    let each = u32::try_from(bare.len()).expect("at most 100");
    let calls = CALLS / each;
    report.duel(
        figure,
        bar,
        each,
        side!(calls, E::number, |event| app.publish(event).await),
        side!(calls, E::number, |event| {
            let mut all = Ok(());
            for listener in bare {
                let heard = listener.hear(&event).await;
                all = all.and(heard);
            }
            all
        }),
    );
}

macro_rules! event {
    () => {
        #[event(local)]
        pub(crate) struct Deposited {
            pub(crate) account: u32,
            pub(crate) amount: u64,
            pub(crate) note: String,
        }

        impl Numbered for Deposited {
            fn number(at: u32) -> Self {
                Self { account: at % 16, amount: u64::from(at), note: String::from("salary") }
            }
        }
    };
}

/// Listeners, and the list of the same functions behind virtual methods.
macro_rules! listeners {
    ($($name:ident)*) => {
        $(
            #[listen]
            async fn $name(event: &Deposited, ledger: &Ledger) -> Result<()> {
                ledger.add(event.account, event.amount + event.note.len() as u64);
                Ok(())
            }
        )*

        pub(crate) fn bare() -> Vec<Arc<dyn Hears<Deposited>>> {
            let ledger = Arc::new(Ledger::default());
            vec![$({
                struct Bare(Arc<Ledger>);
                impl Hears<Deposited> for Bare {
                    fn hear<'a>(&'a self, event: &'a Deposited) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
                        Box::pin($name(event, &self.0))
                    }
                }
                std::hint::black_box(Arc::new(Bare(Arc::clone(&ledger))))
            }),*]
        }
    };
}

macro_rules! tens {
    ($($name:ident)*) => {
        $(mod $name {
            use super::*;
            listeners!(a b c d e f g h i j);
        })*

        pub(crate) fn bare() -> Vec<Arc<dyn Hears<Deposited>>> {
            [$($name::bare()),*].into_iter().flatten().collect()
        }
    };
}

#[expect(clippy::wildcard_imports, reason = "the macros above speak of their module")]
mod one {
    use super::*;
    anywise::slice!(pub(crate) SLICE = "publish.one");
    event!();
    listeners!(a);
}

#[expect(clippy::wildcard_imports, reason = "the macros above speak of their module")]
mod ten {
    use super::*;
    anywise::slice!(pub(crate) SLICE = "publish.ten");
    event!();
    listeners!(a b c d e f g h i j);
}

#[expect(clippy::wildcard_imports, reason = "the macros above speak of their module")]
mod hundred {
    use super::*;
    anywise::slice!(pub(crate) SLICE = "publish.hundred");
    event!();
    tens!(a b c d e f g h i j);
}

pub(crate) fn figures(report: &Report) {
    duel(report, "publish, 1 listener / 1 boxed virtual call", f64::INFINITY, one::SLICE, &one::bare());
    duel(report, "publish, 10 listeners / 10 boxed virtual calls", 1.3, ten::SLICE, &ten::bare());
    duel(report, "publish, 100 listeners / 100 boxed virtual calls", 1.3, hundred::SLICE, &hundred::bare());
}
