//! Deliveries that were given up or held back, with everything known of them.

use jiff::Timestamp;

use crate::envelope::Envelope;
use crate::ports::store::claim::Failure;
use crate::ports::store::delivery::Delivery;

/// The store's number of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeadLetterId(pub i64);

impl std::fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for DeadLetterId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What has become of a dead letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadLetterState {
    /// Somebody has to look at it.
    #[default]
    Open,
    /// It is a delivery again.
    Replayed,
    /// It was given up for good.
    Discarded,
}

impl DeadLetterState {
    /// As a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }
}

/// A delivery that was given up, or held back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its number.
    pub id: DeadLetterId,
    /// Where it was to go.
    pub target: String,
    /// The message, byte for byte.
    pub envelope: Envelope,
    /// Why it is here.
    pub reason: String,
    /// True when it was held back rather than given up.
    pub parked: bool,
    /// What has become of it.
    pub state: DeadLetterState,
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts whose process did not live to tell.
    pub losses: u32,
    /// What went wrong, oldest first.
    pub failures: Vec<Failure>,
    /// When it came here.
    pub at: Timestamp,
    /// How often it was replayed.
    pub replays: u32,
}

impl DeadLetter {
    /// An open dead letter.
    pub fn new(id: DeadLetterId, target: String, envelope: Envelope, reason: String) -> Self {
        Self {
            id,
            target,
            envelope,
            reason,
            parked: false,
            state: DeadLetterState::Open,
            attempts: 0,
            losses: 0,
            failures: Vec::new(),
            at: Timestamp::now(),
            replays: 0,
        }
    }
}

/// A delivery that is a dead letter from the beginning: a broker's message that
/// nobody here can read, for example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Buried {
    /// What cannot be delivered, as it came, and where to.
    pub delivery: Delivery,
    /// Why not. Its message is the dead letter's reason.
    pub failure: Failure,
}

impl Buried {
    /// `delivery` cannot be made, because of `failure`.
    pub fn new(delivery: Delivery, failure: Failure) -> Self {
        Self { delivery, failure }
    }
}

/// Which dead letters are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetters {
    /// Only this one.
    pub id: Option<DeadLetterId>,
    /// Only those of this target.
    pub target: Option<String>,
    /// Only those of this message, by wire name.
    pub message: Option<String>,
    /// Also those that were replayed or discarded.
    pub all: bool,
    /// At most so many; 100 if none is given.
    pub most: Option<u32>,
    /// Only those before this one, for the next page.
    pub before: Option<DeadLetterId>,
}

impl DeadLetters {
    /// One by its number, whatever its state.
    pub fn one(id: DeadLetterId) -> Self {
        Self { id: Some(id), all: true, ..Self::default() }
    }

    /// Open ones of a target.
    pub fn of(target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..Self::default() }
    }
}
