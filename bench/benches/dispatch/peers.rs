//! The ways others take, written down plainly.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use anywise::Result;
use bench::{Ledger, Report, side};

use crate::send::{Deposit, SLICE, deposit};
use crate::{app, boxed};

type Anything = Box<dyn Any + Send>;
type Entry = Box<dyn Fn(Anything) -> Pin<Box<dyn Future<Output = Anything> + Send>> + Send + Sync>;

/// A mediator that finds handlers by type in a map and boxes what it carries.
#[derive(Default)]
struct Naive(HashMap<TypeId, Entry>);

impl Naive {
    fn handle<M: Send + 'static, R: Send + 'static, F>(
        &mut self,
        handler: impl Fn(M) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = R> + Send + 'static,
    {
        let entry = move |message: Anything| -> Pin<Box<dyn Future<Output = Anything> + Send>> {
            let future = message.downcast::<M>().map(|message| handler(*message));
            Box::pin(async move { Box::new(future.expect("found by its type").await) as Anything })
        };
        self.0.insert(TypeId::of::<M>(), Box::new(entry));
    }

    async fn send<M: Send + 'static, R: 'static>(&self, message: M) -> R {
        let reply = self.0[&TypeId::of::<M>()](Box::new(message)).await;
        *reply.downcast().expect("handlers answer with the reply's type")
    }
}

pub(crate) fn figures(report: &Report) {
    let app = app(SLICE);
    let mut naive = Naive::default();
    let ledger = Arc::new(Ledger::default());
    naive.handle(move |message: Deposit| {
        let ledger = Arc::clone(&ledger);
        async move { deposit(message, &ledger).await }
    });
    let bare = boxed::<Deposit>(Ledger::default());
    report.duel(
        "peer: map of boxed messages / boxed virtual call",
        f64::INFINITY,
        1,
        side!(Deposit::number, |message| naive.send::<Deposit, Result<u64>>(message).await),
        side!(Deposit::number, |message| bare.call(message).await),
    );
    report.duel(
        "ours / peer: map of boxed messages",
        1.0,
        1,
        side!(Deposit::number, |message| app.send(message).await),
        side!(Deposit::number, |message| naive.send::<Deposit, Result<u64>>(message).await),
    );
}
