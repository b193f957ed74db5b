//! `publish` to listeners that finish at once.

use std::pin::Pin;
use std::sync::Arc;

use anywise::prelude::*;
use bench::{CALLS, Ledger, Report, side};

use crate::app;

/// The bare thing: a virtual method that borrows the event.
trait Hears<E>: Send + Sync {
    fn hear<'a>(&'a self, event: &'a E) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
}

macro_rules! event {
    () => {
        #[event(local)]
        pub(crate) struct Deposited {
            pub(crate) account: u32,
            pub(crate) amount: u64,
            pub(crate) note: String,
        }

        impl Deposited {
            pub(crate) fn number(at: u32) -> Self {
                Self { account: at % 16, amount: u64::from(at), note: String::from("salary") }
            }
        }

        impl Hears<Deposited> for Ledger {
            fn hear<'a>(
                &'a self,
                event: &'a Deposited,
            ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
                Box::pin(hear(event, self))
            }
        }

        async fn hear(event: &Deposited, ledger: &Ledger) -> Result<()> {
            ledger.add(event.account, event.amount + event.note.len() as u64);
            Ok(())
        }

        pub(crate) fn duel(report: &Report, figure: &str, bar: f64, listeners: usize) {
            let app = app(SLICE);
            let ledger = Arc::new(Ledger::default());
            let bare: Vec<_> = (0..listeners)
                .map(|_| std::hint::black_box(Arc::clone(&ledger) as Arc<dyn Hears<Deposited>>))
                .collect();
            let per_call = u32::try_from(listeners).expect("at most 100");
            let calls = CALLS / per_call;
            report.duel(
                figure,
                bar,
                per_call,
                side!(calls, Deposited::number, |event| app.publish(event).await),
                side!(calls, Deposited::number, |event| {
                    let mut all = Ok(());
                    for listener in &bare {
                        let heard = listener.hear(&event).await;
                        all = all.and(heard);
                    }
                    all
                }),
            );
        }
    };
}

macro_rules! listeners {
    ($($name:ident)*) => {$(
        #[listen]
        async fn $name(event: &Deposited, ledger: &Ledger) -> Result<()> {
            hear(event, ledger).await
        }
    )*};
}

macro_rules! tens {
    ($($name:ident)*) => {$(
        mod $name {
            use super::*;
            listeners!(a b c d e f g h i j);
        }
    )*};
}

mod one {
    #[expect(clippy::wildcard_imports, reason = "the macros above speak of their module")]
    use super::*;
    anywise::slice!(pub(crate) SLICE = "publish.one");
    event!();
    listeners!(a);
}

mod ten {
    #[expect(clippy::wildcard_imports, reason = "the macros above speak of their module")]
    use super::*;
    anywise::slice!(pub(crate) SLICE = "publish.ten");
    event!();
    tens!(a);
}

mod hundred {
    #[expect(clippy::wildcard_imports, reason = "the macros above speak of their module")]
    use super::*;
    anywise::slice!(pub(crate) SLICE = "publish.hundred");
    event!();
    tens!(a b c d e f g h i j);
}

pub(crate) fn figures(report: &Report) {
    one::duel(report, "publish, 1 listener / 1 boxed virtual call", 1.3, 1);
    ten::duel(report, "publish, 10 listeners / 10 boxed virtual calls", 1.3, 10);
    hundred::duel(report, "publish, 100 listeners / 100 boxed virtual calls", 1.3, 100);
}
