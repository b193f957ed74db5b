//! Postgres as a broker.
//!
//! On the server of the store's tests, and on one of its own where the server is
//! crashed or made to stand still.

mod order;
mod refusals;
mod routes;
mod server;
mod suite;
mod trouble;

use anywise_core::{Envelope, Incoming, Subscription};
use anywise_sql::PostgresBroker;

use super::Place;

impl Place {
    /// The transport of a process in this place.
    fn broker(&self) -> PostgresBroker {
        PostgresBroker::new(&self.url).prefix(&self.schema).connections(2).accept_weaker_durability()
    }
}

/// An event with an empty body.
fn event(name: &str, key: Option<&str>) -> Envelope {
    let mut event = Envelope::json(name, "{}");
    event.key = key.map(str::to_owned);
    event
}

fn group(name: &str, events: &[&str]) -> Subscription {
    Subscription::new(name, events.iter().copied())
}

/// The ids of what came.
fn ids(came: &[Incoming]) -> Vec<String> {
    came.iter().map(|one| one.frame.attribute("id").unwrap_or_default().to_owned()).collect()
}
