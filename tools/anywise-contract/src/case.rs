//! One promise of the port, and how it is tried.

use std::pin::Pin;

use anywise_core::StoreTraits;

use crate::cases::CASES;
use crate::harness::Setting;
use crate::trial::Trial;

/// A case that is being tried.
pub(crate) type Trying = Pin<Box<dyn Future<Output = ()>>>;

/// One promise that a store keeps.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, a sentence about behaviour.
    pub name: &'static str,
    /// What is promised.
    pub promise: &'static str,
    /// Of which stores it is asked.
    pub need: Need,
    pub(crate) run: fn(Trial) -> Trying,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("need", &self.need).finish_non_exhaustive()
    }
}

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

/// Every case of the suite.
pub fn cases() -> &'static [Case] {
    CASES
}
