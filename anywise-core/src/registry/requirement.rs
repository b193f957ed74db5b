//! What a listener asks of the transports that bring its events.

use crate::ports::transport::{Ordered, TransportTraits};

/// What a listener asks of the transports that bring its events:
/// `#[listen(requires(durable, ordered))]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Requirement {
    /// What was published survives a crash of the broker.
    Durable,
    /// The events of one key come in the order in which they were published.
    Ordered,
    /// A new subscription begins with what was published before it.
    Replay,
}

impl Requirement {
    /// As a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Ordered => "ordered",
            Self::Replay => "replay",
        }
    }

    /// Whether a transport with these traits gives it.
    pub fn is_met(self, traits: TransportTraits) -> bool {
        match self {
            Self::Durable => traits.durable,
            Self::Ordered => traits.ordered >= Ordered::Alone,
            Self::Replay => traits.replay,
        }
    }
}
