//! One promise of the port, and how it is tried.

use anywise_core::StoreTraits;

use crate::cases::CASES;
use crate::harness::Setting;
use crate::trial::Trial;

/// One promise that a store keeps.
pub type Case = anywise_suite::Case<Need>;

/// Of which stores a case is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Every store.
    Any,
    /// Those that outlive their process.
    Durable,
    /// Those that outlive their process, to see what it held.
    Loss,
    /// Those that several processes may work on.
    Shared,
    /// Those that take back claims which are not renewed.
    Lease,
}

impl Need {
    /// Whether a store with these traits is asked.
    pub const fn is_met(self, traits: StoreTraits) -> bool {
        match self {
            Self::Any => true,
            Self::Durable | Self::Loss => traits.durable,
            Self::Shared => traits.shared,
            Self::Lease => traits.shared && traits.renew.is_some(),
        }
    }

    pub(crate) const fn setting(self) -> Setting {
        match self {
            Self::Loss | Self::Lease => Setting::IMPATIENT,
            Self::Any | Self::Durable | Self::Shared => Setting::PATIENT,
        }
    }
}

impl anywise_suite::Need for Need {
    type Trial = Trial;

    fn is_met_by(self, trial: &Trial) -> bool {
        self.is_met(trial.store().traits())
    }
}

/// Every case of the suite.
pub fn cases() -> &'static [Case] {
    CASES
}
