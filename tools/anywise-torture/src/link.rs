//! Which slices a child runs, and the broker that it reaches others by.

use std::time::Duration;

use anywise::{AppBuilder, ConsumePolicy, Slice};
use anywise_nats::Nats;
use clap::Args;

use crate::far::FAR;
use crate::planted::Planted;
use crate::slice::SLICE;
use crate::yonder::YONDER;

/// How long the broker lets a message be held by a process that ended. Twice
/// that long nobody else of its group gets anything.
const HOLD: Duration = Duration::from_secs(1);
/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the child is told of others on its command line.
#[derive(Clone, Debug, Args)]
pub(crate) struct Link {
    /// Slices to run, with commas between them
    #[arg(long, value_delimiter = ',', default_value = "torture")]
    slices: Vec<String>,
    /// NATS server between it and others
    #[arg(long)]
    nats: Option<String>,
    /// What everything at the broker is named after
    #[arg(long, default_value = "torture")]
    prefix: String,
}

impl Link {
    /// The slices to run. On a store that processes share, and without a broker,
    /// all of them: what nobody there takes would wait for ever.
    pub(crate) fn slices(&self, shared: bool) -> Vec<Slice> {
        let all = [SLICE, FAR, YONDER].into_iter();
        let beside = shared && self.nats.is_none();
        all.filter(|slice| beside || self.slices.iter().any(|name| name == slice.name())).collect()
    }

    /// The application with its broker, if it has one.
    pub(crate) fn join(&self, builder: AppBuilder) -> AppBuilder {
        let Some(url) = &self.nats else { return builder };
        let nats = Nats::new(url).prefix(&self.prefix).ordered().replay().without_requests();
        let nats = nats.ack_wait(HOLD).timeout(PATIENCE);
        let longest_wait = Duration::from_millis(500);
        let policy = ConsumePolicy { longest_wait, ..ConsumePolicy::default() };
        builder.transport(Planted::around(nats)).consume_policy(policy)
    }
}
