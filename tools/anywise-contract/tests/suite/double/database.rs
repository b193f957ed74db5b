//! What is kept, and who holds what of it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anywise_core::{Claim, MemoryStore};
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

#[derive(Default)]
pub(super) struct Database {
    pub(super) kept: MemoryStore,
    pub(super) lease: Duration,
    pub(super) claims: Mutex<Held>,
    pub(super) hint: Notify,
}

/// Who holds what, and what was lost how often.
#[derive(Default)]
pub(super) struct Held {
    pub(super) claims: HashMap<Claim, Hold>,
    pub(super) losses: HashMap<(Uuid, String), u32>,
    /// What has ever begun, for a bug.
    pub(super) ever: HashSet<(Uuid, String)>,
}

pub(super) struct Hold {
    pub(super) owner: u64,
    pub(super) until: Instant,
    pub(super) delivery: (Uuid, String),
    pub(super) suspect: bool,
    pub(super) begun: bool,
}
