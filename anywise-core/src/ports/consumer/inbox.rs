//! With a store: messages are handed to it in one commit, and settled then.
//!
//! The store knows which messages of the group it has had, so that one that
//! comes again is settled and nothing else. From there the relay takes them to
//! their listeners, each with its own attempts. What nobody can read is kept as
//! a dead letter, byte for byte.

use std::sync::Arc;

use uuid::Uuid;

use crate::app::Inner;
use crate::envelope::Envelope;
use crate::error::{Error, Kind};
use crate::ports::consumer::reading::{self, Reading};
use crate::ports::consumer::{Consumer, Desk};
use crate::ports::relay::policy::jitter;
use crate::ports::store::claim::Failure;
use crate::ports::store::dead::Buried;
use crate::ports::store::delivery::Delivery;
use crate::ports::store::inbox::{Acceptance, Arrival};
use crate::ports::store::outcome::Outcome;
use crate::ports::store::{Batch, Store};
use crate::ports::transport::{Incoming, Tag};

/// What came in, sorted by what the store is to do with it.
#[derive(Default)]
struct Sorted {
    arrivals: Vec<Arrival>,
    buried: Vec<Buried>,
    settled: Vec<(Tag, Outcome)>,
}

impl Consumer {
    /// Hands what came in to the store, as often as it takes, and settles it.
    /// What is not in the store when the application stops is not settled.
    pub(super) async fn accept(
        &self,
        app: &Arc<Inner>,
        store: &dyn Store,
        desk: &Desk,
        incoming: Vec<Incoming>,
    ) {
        let mut sorted = self.sort(app, incoming);
        let mut patience = self.policy.first_wait;
        while let Err(error) = self.keep(store, &mut sorted).await {
            tracing::error!(group = self.group(), %error, "the store does not take what came in");
            tokio::select! {
                () = self.draining.cancelled() => return,
                () = tokio::time::sleep(jitter(patience)) => {}
            }
            patience = (patience * 2).min(self.policy.longest_wait);
        }
        for (tag, outcome) in sorted.settled {
            desk.hand_in(tag, outcome).await;
        }
    }

    fn sort(&self, app: &Arc<Inner>, incoming: Vec<Incoming>) -> Sorted {
        let mut sorted = Sorted::default();
        for one in incoming {
            let tag = one.tag;
            match reading::read(app, &self.status, &self.policy, one) {
                Reading::Nothing => {}
                Reading::For(deliveries) => sorted.arrivals.push(self.arrival(deliveries)),
                Reading::Unreadable(envelope, error) => {
                    tracing::error!(group = self.group(), message = envelope.name, %error, "dead letter");
                    sorted.buried.push(self.buried(*envelope, &error));
                }
            }
            sorted.settled.push((tag, Outcome::Done(None)));
        }
        sorted
    }

    fn arrival(&self, deliveries: Vec<Delivery>) -> Arrival {
        let envelope = &deliveries[0].envelope;
        let fingerprint = Uuid::new_v5(&Uuid::nil(), &envelope.body);
        Arrival::new(self.group(), envelope.id, fingerprint, deliveries)
    }

    fn buried(&self, envelope: Envelope, error: &Error) -> Buried {
        let target = self.status.target();
        let failure = Failure::new(0, error.code().to_owned(), error.to_string());
        Buried::new(Delivery::new(target, envelope), failure)
    }

    /// One try to have all of it kept; what was kept is not tried again.
    async fn keep(&self, store: &dyn Store, sorted: &mut Sorted) -> Result<(), Error> {
        if !sorted.arrivals.is_empty() {
            let acceptances = store.accept(sorted.arrivals.clone()).await?;
            for (arrival, acceptance) in std::mem::take(&mut sorted.arrivals).into_iter().zip(acceptances) {
                if acceptance == Acceptance::Reused {
                    sorted.buried.extend(self.reused(arrival));
                }
            }
        }
        if !sorted.buried.is_empty() {
            let bury = sorted.buried.clone();
            store.commit(Batch { bury, ..Batch::default() }).await?;
            sorted.buried.clear();
        }
        Ok(())
    }

    /// A message whose id another one had before it.
    fn reused(&self, arrival: Arrival) -> Option<Buried> {
        let mut envelope = arrival.deliveries.into_iter().next()?.envelope;
        let message = format!("the id {} was used before, by a message with another body", envelope.id);
        let error = Error::new(Kind::Unprocessable, "AW2009", message);
        tracing::error!(group = self.group(), message = envelope.name, %error, "dead letter");
        envelope.headers.insert("ce-id", envelope.id.to_string());
        // Another dead letter than one of the message that had the id first.
        envelope.id = Uuid::new_v5(&envelope.id, &envelope.body);
        Some(self.buried(envelope, &error))
    }
}

/// Takes in what was a dead letter of a group, as if it had just come.
///
/// # Errors
/// That it still cannot be read, or the store's.
pub(crate) async fn again(app: &Arc<Inner>, group: &str, envelope: &Envelope) -> Result<(), Error> {
    let envelope = reading::unearthed(envelope, app.consume.trusted)?;
    let deliveries = reading::deliveries(app, group, envelope)?;
    app.keep(Batch { append: deliveries, ..Batch::default() }).await
}
