//! What one message costs on its way to its function.

mod dependencies;
mod guards;
mod peers;
mod publish;
mod send;
mod slope;

use std::pin::Pin;
use std::sync::Arc;

use anywise::{App, Result, Slice};
use bench::{Ledger, Report, now};

/// The bare thing: a virtual method that returns a boxed future.
trait Boxed<M>: Send + Sync {
    fn call(&self, message: M) -> Pin<Box<dyn Future<Output = Result<u64>> + Send + '_>>;
}

/// An application of one slice, with its own ledger.
fn app(slice: Slice) -> App {
    now(App::builder().slices([slice]).provide(Ledger::default()).build())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A receiver the compiler cannot see through.
fn boxed<M>(receiver: impl Boxed<M> + 'static) -> Arc<dyn Boxed<M>> {
    std::hint::black_box(Arc::new(receiver))
}

fn main() {
    let report = Report::begin();
    send::figures(&report);
    guards::figures(&report);
    dependencies::figures(&report);
    publish::figures(&report);
    slope::figures(&report);
    peers::figures(&report);
}
