//! How much of everything: for each change, each night, each release.

use clap::ValueEnum;

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Minutes.
    Ci,
    /// Hours.
    Night,
    /// A day.
    Release,
}

/// The numbers of a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amounts {
    pub(crate) kills: u64,
    pub(crate) kills_a_run: u64,
    pub(crate) hits: u64,
    pub(crate) cuts: usize,
    pub(crate) recordings: u64,
    pub(crate) terminations: u64,
    pub(crate) restarts: u64,
    pub(crate) zombies: u64,
    pub(crate) storm: u64,
    pub(crate) full: u64,
    pub(crate) bombs: u64,
    pub(crate) broker_kills: u64,
    /// Seconds of bad weather between applications and their broker.
    pub(crate) broker_faults: u64,
    pub(crate) shop_kills: u64,
}

impl Profile {
    /// On the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ci => "ci",
            Self::Night => "night",
            Self::Release => "release",
        }
    }

    pub(crate) fn amounts(self) -> Amounts {
        match self {
            Self::Ci => Amounts {
                kills: 600,
                kills_a_run: 50,
                hits: 3,
                cuts: 500,
                recordings: 4,
                terminations: 200,
                restarts: 10,
                zombies: 15,
                storm: 2_000,
                full: 50,
                bombs: 2,
                broker_kills: 60,
                broker_faults: 60,
                shop_kills: 200,
            },
            Self::Night => Amounts {
                kills: 20_000,
                kills_a_run: 100,
                hits: 50,
                cuts: 20_000,
                recordings: 50,
                terminations: 20_000,
                restarts: 1_000,
                zombies: 2_000,
                storm: 200_000,
                full: 5_000,
                bombs: 50,
                broker_kills: 2_000,
                broker_faults: 3_600,
                shop_kills: 10_000,
            },
            Self::Release => Amounts {
                kills: 100_000,
                kills_a_run: 100,
                hits: 500,
                cuts: 100_000,
                recordings: 250,
                terminations: 20_000,
                restarts: 1_000,
                zombies: 5_000,
                storm: 200_000,
                full: 5_000,
                bombs: 100,
                broker_kills: 10_000,
                broker_faults: 28_800,
                shop_kills: 50_000,
            },
        }
    }
}
