//! One promise of the port, and how it is tried.

use anywise::{Ordered, TransportTraits};

use crate::cases::CASES;
use crate::harness::Setting;
use crate::trial::Trial;

/// One promise that a transport keeps.
pub type Case = anywise_suite::Case<Need>;

/// Of which transports a case is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Every transport.
    Any,
    /// Those that bring the events of a key in order to one process.
    Ordered,
    /// Those that bring them in order to several processes.
    OrderedAlways,
    /// Those whose groups several processes share.
    Groups,
    /// Those that can bring a message again after a time.
    Delay,
    /// Those that recognise what is published twice.
    Dedup,
    /// Those that say how often a message was delivered.
    Counted,
    /// Those that take back what is neither settled nor extended.
    Hold,
    /// Those whose new subscriptions begin with what was published before.
    Replay,
    /// Those that take bodies up to a size.
    MaxSize,
    /// Those that take requests to their handlers.
    Requests,
    /// Those that survive a crash of their broker, where the place can crash it.
    Restart,
    /// Those whose place can publish what is no CloudEvent.
    Foreign,
}

impl Need {
    /// Whether a transport with these traits is asked, by what it promises.
    pub fn is_met(self, traits: TransportTraits) -> bool {
        match self {
            Self::Any | Self::Foreign => true,
            Self::Ordered => traits.ordered >= Ordered::Alone,
            Self::OrderedAlways => traits.ordered == Ordered::Always && traits.groups,
            Self::Groups => traits.groups,
            Self::Delay => traits.delay,
            Self::Dedup => traits.dedup.is_some(),
            Self::Counted => traits.counted,
            Self::Hold => traits.hold.is_some(),
            Self::Replay => traits.replay,
            Self::MaxSize => traits.max_size.is_some(),
            Self::Requests => traits.requests,
            Self::Restart => traits.durable,
        }
    }

    pub(crate) const fn setting(self) -> Setting {
        match self {
            Self::Hold => Setting::IMPATIENT,
            Self::Restart => Setting::RESTARTS,
            _ => Setting::PATIENT,
        }
    }
}

impl anywise_suite::Need for Need {
    type Trial = Trial;

    fn is_met_by(self, trial: &Trial) -> bool {
        trial.meets(self)
    }
}

/// Every case of the suite.
pub fn cases() -> &'static [Case] {
    CASES
}
