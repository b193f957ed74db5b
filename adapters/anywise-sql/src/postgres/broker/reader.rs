//! Taking messages of a group, in tasks that nobody cancels: what was given out
//! is kept until somebody receives it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::{Error, Incoming, Result, Subscription, Tag, jitter};
use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::postgres::broker::{Broker, Place, head};
use crate::postgres::round::micros;
use crate::postgres::worker::same;

/// How often it is asked without a hint: at least this long in between, at most
/// twice as long more.
const TURN: Duration = Duration::from_millis(500);
/// Messages that are asked for at a time, at most.
const MOST: usize = 1024;

/// What a message is known by: its number, and which time it was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) id: i64,
    pub(super) times: i32,
}

impl Given {
    pub(super) fn tag(self) -> Tag {
        (Tag::from(self.id.cast_unsigned()) << 32) | Tag::from(self.times.cast_unsigned())
    }

    pub(super) fn of(tag: Tag) -> Self {
        let half = |bits: Tag| u32::try_from(bits & Tag::from(u32::MAX)).expect("it is masked");
        let id = u64::from(half(tag >> 64)) << 32 | u64::from(half(tag >> 32));
        Self { id: id.cast_signed(), times: half(tag).cast_signed() }
    }
}

/// One taker of a group's messages.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) broker: Arc<Broker>,
    pub(super) subscription: Subscription,
    pub(super) owner: Uuid,
    pub(super) is_closed: AtomicBool,
    /// Hints of the group.
    hint: Arc<Notify>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Given out, not received yet.
    ready: VecDeque<Incoming>,
    is_fetching: bool,
    lost: Option<Error>,
    /// When something comes again that this one put off.
    due: BTreeSet<Instant>,
    /// When the server was last told what the group listens to.
    asked: Instant,
}

impl Reader {
    pub(super) fn new(broker: Arc<Broker>, subscription: Subscription) -> Arc<Self> {
        let state = State {
            ready: VecDeque::new(),
            is_fetching: false,
            lost: None,
            due: BTreeSet::new(),
            asked: Instant::now(),
        };
        Arc::new(Self {
            hint: broker.hints.of(&subscription),
            broker,
            subscription,
            owner: Uuid::new_v4(),
            is_closed: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn group(&self) -> &str {
        &self.subscription.group
    }

    /// Where it may hold something.
    pub(super) fn place(&self) -> Place {
        Place { group: self.subscription.group.clone(), owner: self.owner }
    }

    /// Those that nobody has received yet.
    pub(super) fn waiting(&self) -> Vec<Tag> {
        self.state().ready.iter().map(|one| one.tag).collect()
    }

    /// Waits until something is there, then gives what there is.
    pub(super) async fn receive(self: &Arc<Self>, most: usize) -> Result<Vec<Incoming>> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(ended) = self.take(most) {
                return ended;
            }
            changed.await;
        }
    }

    /// What there is, or that there will be no more; else has more fetched.
    fn take(self: &Arc<Self>, most: usize) -> Option<Result<Vec<Incoming>>> {
        let mut state = self.state();
        if self.is_closed.load(Ordering::SeqCst) {
            return Some(Ok(Vec::new()));
        }
        if let Some(error) = &state.lost {
            return Some(Err(same(error)));
        }
        if !state.ready.is_empty() {
            let count = most.min(state.ready.len());
            return Some(Ok(state.ready.drain(..count).collect()));
        }
        if !state.is_fetching {
            state.is_fetching = true;
            tokio::spawn(Arc::clone(self).fetch(most.min(MOST)));
        }
        None
    }

    /// Fetches until something is there, or nothing more is wanted.
    async fn fetch(self: Arc<Self>, most: usize) {
        let fetched = loop {
            let hint = self.hint.notified();
            tokio::pin!(hint);
            hint.as_mut().enable();
            if self.is_closed.load(Ordering::SeqCst) {
                break Ok(Vec::new());
            }
            match self.claim(most).await {
                Ok(some) if some.is_empty() => {}
                ended => break ended,
            }
            tokio::select! {
                () = hint => {}
                () = tokio::time::sleep_until(self.next_look()) => {}
            }
        };
        let mut state = self.state();
        state.is_fetching = false;
        match fetched {
            Ok(some) => state.ready.extend(some),
            Err(error) => state.lost = Some(error),
        }
        drop(state);
        self.changed.notify_waiters();
    }

    async fn claim(&self, most: usize) -> Result<Vec<Incoming>> {
        let query = sqlx::query(self.broker.sql.claim.text())
            .bind(self.group())
            .bind(self.owner)
            .bind(i32::try_from(most).unwrap_or(i32::MAX))
            .bind(micros(self.broker.settings.hold));
        let rows = self.broker.control.rows("receiving", query).await?;
        let read: sqlx::Result<_> = rows.iter().map(|row| self.incoming(row)).collect();
        read.map_err(|error| self.broker.control.error("receiving", error))
    }

    fn incoming(&self, row: &PgRow) -> sqlx::Result<Incoming> {
        let given = Given { id: row.try_get(0)?, times: row.try_get(1)? };
        let id = || format!("postgres:{}/{}", self.broker.settings.prefix, given.id);
        let (name, key, text): (String, Option<String>, &str) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let (frame, foreign) = head::read(text, row.try_get::<Vec<u8>, _>(5)?, (name, id, key));
        Ok(Incoming::new(given.tag(), frame).foreign(foreign).delivered(given.times.cast_unsigned()))
    }

    fn next_look(&self) -> Instant {
        let now = Instant::now();
        let mut state = self.state();
        state.due = state.due.split_off(&now);
        let turn = now + TURN + jitter(TURN * 2);
        state.due.first().map_or(turn, |due| turn.min(*due))
    }

    /// Looks when something comes again that was put off for so long.
    pub(super) fn look_after(&self, wait: Duration) {
        if !wait.is_zero() {
            // A little later than by the server's clock, rather than a turn.
            self.state().due.insert(Instant::now() + wait + Duration::from_millis(1));
        }
        self.hint.notify_waiters();
    }

    /// Waits until nothing is fetched any more.
    pub(super) async fn end(&self) {
        self.changed.notify_waiters();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !self.state().is_fetching {
                return;
            }
            self.hint.notify_waiters();
            changed.await;
        }
    }

    /// Tells the server now and then that the group still listens.
    pub(super) async fn ask_for_events(&self) -> Result<()> {
        let often = (self.broker.settings.forget / 4).min(Duration::from_secs(60 * 60));
        if self.state().asked.elapsed() < often {
            return Ok(());
        }
        self.broker.declare(&self.subscription).await?;
        self.state().asked = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Given;

    #[test]
    fn a_tag_is_a_number_and_a_time() {
        for (id, times) in [(1, 1), (i64::MAX, i32::MAX), (1 << 40, 7)] {
            let given = Given { id, times };
            assert_eq!(Given::of(given.tag()), given);
        }
    }
}
