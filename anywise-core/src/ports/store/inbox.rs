//! Messages that a broker delivers, each taken in once for each group.

use uuid::Uuid;

use crate::ports::store::delivery::Delivery;

/// A message as a broker delivered it, with what it causes here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Arrival {
    /// Who takes it in: another group takes it in again.
    pub group: String,
    /// The message's id.
    pub id: Uuid,
    /// What it says, so that another message under the same id is noticed.
    pub fingerprint: Uuid,
    /// What is kept if it is new, in this order; may be none.
    pub deliveries: Vec<Delivery>,
}

impl Arrival {
    /// The message `id` that says `fingerprint`, for `group`.
    pub fn new(group: impl Into<String>, id: Uuid, fingerprint: Uuid, deliveries: Vec<Delivery>) -> Self {
        Self { group: group.into(), id, fingerprint, deliveries }
    }
}

/// What has become of an [`Arrival`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acceptance {
    /// It was taken in, and its deliveries are kept.
    New,
    /// It had been taken in before; nothing was kept.
    Known,
    /// Another message was taken in under its id; nothing was kept.
    Reused,
}

impl Acceptance {
    /// What becomes of a message that says `one`, where `other` was taken in.
    pub fn of(one: Uuid, other: Uuid) -> Self {
        if one == other { Self::Known } else { Self::Reused }
    }
}
