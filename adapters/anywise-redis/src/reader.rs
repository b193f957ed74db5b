//! Reading from the streams of a group, in tasks that nobody cancels: what the
//! server has handed out is kept until somebody receives it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anywise_core::{Error, Incoming, Result, Subscription, Tag, new_id};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value, cmd};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::{BODY, Broker};
use crate::entry::{Entry, Id, Unexpected, array, entries, id, number, streams};
use crate::error::away;
use crate::foreign::Mapping;
use crate::names::RETURNED;
use crate::scripts::TIDY;
use crate::source::Place;

/// How often it is looked for what others gave back, or held for too long; the
/// longest that the server is waited for at a time.
const TURN: Duration = Duration::from_millis(500);
/// Entries that are asked for at a time, at most.
const MOST: usize = 1024;
/// A consumer that has held nothing, and asked for nothing, for so long is gone.
const GONE: Duration = Duration::from_secs(60 * 60);

/// A stream that is read.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) key: String,
    /// What its entries are, if others write them.
    mapping: Option<Mapping>,
}

impl Feed {
    /// Whether the stream is the group's alone, so that what is settled is deleted.
    pub(crate) fn is_own(&self) -> bool {
        self.mapping.is_none()
    }

    fn incoming(&self, tag: Tag, entry: Entry, times: u32) -> Incoming {
        let foreign = self.mapping.as_ref().map(|mapping| mapping.of(entry.id));
        let body = self.mapping.as_ref().map_or(BODY, |mapping| &mapping.field);
        Incoming::new(tag, entry.into_frame(body)).foreign(foreign).delivered(times)
    }
}

/// One consumer of a group.
pub(crate) struct Reader {
    pub(crate) broker: Arc<Broker>,
    pub(crate) subscription: Subscription,
    /// The consumer group, the same on each stream.
    pub(crate) group: String,
    pub(crate) consumer: String,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) closed: AtomicBool,
    connection: MultiplexedConnection,
    /// What the server knows the connection by, if it says.
    number: Option<u64>,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Handed out by the server, not received yet.
    ready: VecDeque<Incoming>,
    /// Handed out, and not settled.
    held: HashMap<Tag, (usize, Id)>,
    next: Tag,
    fetching: bool,
    lost: Option<Error>,
    /// When it is next looked for what others gave back.
    due: Instant,
    /// How far that has come in each stream.
    cursors: Vec<Id>,
    /// When the server was last told what the group listens to.
    asked: Instant,
}

impl Reader {
    pub(crate) async fn new(broker: Arc<Broker>, subscription: Subscription) -> Result<Arc<Self>> {
        let names = &broker.settings.names;
        let own = Feed { key: names.stream(&subscription.group), mapping: None };
        let heard =
            broker.settings.foreign.iter().filter(|mapping| subscription.events.contains(&mapping.name));
        let foreign =
            heard.map(|mapping| Feed { key: mapping.stream.clone(), mapping: Some(mapping.clone()) });
        let feeds: Vec<_> = std::iter::once(own).chain(foreign).collect();
        let mut connection = broker.control.another(TURN).await?;
        // A server that forbids it is waited for a little longer at the end.
        let number: Option<u64> = cmd("CLIENT").arg("ID").query_async(&mut connection).await.ok();
        let now = Instant::now();
        let state = State {
            ready: VecDeque::new(),
            held: HashMap::new(),
            next: 0,
            fetching: false,
            lost: None,
            due: now,
            cursors: vec![Id::START; feeds.len()],
            asked: now,
        };
        let reader = Self {
            group: names.group(&subscription.group),
            consumer: format!("{}-{}", std::process::id(), new_id()),
            feeds,
            closed: AtomicBool::new(false),
            connection,
            number,
            state: Mutex::new(state),
            changed: Notify::new(),
            broker,
            subscription,
        };
        reader.tidy().await?;
        Ok(Arc::new(reader))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it may hold something.
    pub(crate) fn places(&self) -> Vec<Place> {
        let place = |feed: &Feed| Place {
            stream: feed.key.clone(),
            group: self.group.clone(),
            consumer: self.consumer.clone(),
        };
        self.feeds.iter().map(place).collect()
    }

    /// The stream and the id of a message that is held.
    pub(crate) fn held(&self, tag: Tag) -> Option<(usize, Id)> {
        self.state().held.get(&tag).copied()
    }

    pub(crate) fn count_held(&self) -> usize {
        self.state().held.len()
    }

    /// Those that nobody has received yet.
    pub(crate) fn waiting(&self) -> Vec<(usize, Id)> {
        let state = self.state();
        state.ready.iter().filter_map(|one| state.held.get(&one.tag).copied()).collect()
    }

    /// Holds messages no more.
    pub(crate) fn release(&self, tags: impl Iterator<Item = Tag>) {
        let mut state = self.state();
        for tag in tags {
            state.held.remove(&tag);
        }
    }

    /// Waits until something is there, then gives what there is.
    pub(crate) async fn receive(self: &Arc<Self>, most: usize) -> Result<Vec<Incoming>> {
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
        if self.closed.load(Ordering::SeqCst) {
            return Some(Ok(Vec::new()));
        }
        if let Some(error) = &state.lost {
            return Some(Err(Error::new(error.kind(), error.code().to_owned(), error.message().to_owned())));
        }
        if !state.ready.is_empty() {
            let count = most.min(state.ready.len());
            return Some(Ok(state.ready.drain(..count).collect()));
        }
        if !state.fetching {
            state.fetching = true;
            tokio::spawn(Arc::clone(self).fetch(most.min(MOST)));
        }
        None
    }

    /// Fetches until something is there, or nothing more is wanted.
    async fn fetch(self: Arc<Self>, most: usize) {
        let mut result = Ok(0);
        while matches!(result, Ok(0)) && !self.closed.load(Ordering::SeqCst) {
            result = self.turn(most).await;
        }
        let mut state = self.state();
        state.fetching = false;
        state.lost = result.err();
        drop(state);
        self.changed.notify_waiters();
    }

    /// What was given back, if it is time to look; else what is new.
    async fn turn(&self, most: usize) -> Result<usize> {
        if self.state().due <= Instant::now() {
            let count = self.reclaim(most).await?;
            if count > 0 {
                return Ok(count);
            }
        }
        self.read(most).await
    }

    async fn ask(&self, what: &str, command: &Cmd) -> Result<Value> {
        let answer = self.connection.clone().send_packed_command(command).await;
        answer.and_then(Value::extract_error).map_err(|error| self.broker.control.error(what, &error))
    }

    fn unexpected(&self, why: Unexpected) -> Error {
        away(self.broker.control.address(), why)
    }

    /// Waits a turn at most for what is new.
    async fn read(&self, most: usize) -> Result<usize> {
        let wait = self.state().due.saturating_duration_since(Instant::now()).min(TURN);
        let mut command = cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.group).arg(&self.consumer);
        // 0 would be for ever.
        command.arg("COUNT").arg(most).arg("BLOCK").arg(u64::try_from(wait.as_millis()).unwrap_or(0).max(1));
        command.arg("STREAMS");
        command.arg(self.feeds.iter().map(|feed| &*feed.key).collect::<Vec<_>>());
        command.arg(vec![">"; self.feeds.len()]);
        let answer = self.ask("reading", &command).await?;
        let mut count = 0;
        for (key, entries) in streams(answer).map_err(|why| self.unexpected(why))? {
            let Some(feed) = self.feeds.iter().position(|feed| feed.key == key) else { continue };
            count += entries.len();
            self.put(feed, entries, |_| 1);
        }
        Ok(count)
    }

    fn put(&self, feed: usize, entries: Vec<Entry>, times: impl Fn(Id) -> u32) {
        let mut state = self.state();
        for entry in entries {
            let tag = state.next;
            state.next += 1;
            state.held.insert(tag, (feed, entry.id));
            let times = times(entry.id);
            let incoming = self.feeds[feed].incoming(tag, entry, times);
            state.ready.push_back(incoming);
        }
    }

    /// Takes what others gave back, or held for too long.
    async fn reclaim(&self, most: usize) -> Result<usize> {
        let mut count = 0;
        for feed in 0..self.feeds.len() {
            while count < most {
                count += self.claim(feed, most - count).await?;
                if self.state().cursors[feed] == Id::START {
                    break;
                }
            }
        }
        let mut state = self.state();
        // As long as there may be more, it comes before what is new.
        let through = state.cursors.iter().all(|cursor| *cursor == Id::START) && count < most;
        state.due = if through { Instant::now() + TURN } else { Instant::now() };
        Ok(count)
    }

    async fn claim(&self, feed: usize, most: usize) -> Result<usize> {
        let (key, cursor) = (&self.feeds[feed].key, self.state().cursors[feed]);
        let mut command = cmd("XAUTOCLAIM");
        let hold = u64::try_from(self.broker.settings.hold.as_millis()).unwrap_or(u64::MAX);
        command.arg(key).arg(&self.group).arg(&self.consumer).arg(hold);
        command.arg(cursor.to_string()).arg("COUNT").arg(most);
        let answer = array(self.ask("taking what was given back", &command).await?);
        let answer = answer.map_err(|why| self.unexpected(why))?;
        let mut answer = answer.into_iter();
        let (Some(next), Some(claimed)) = (answer.next(), answer.next()) else {
            return Err(self.unexpected(Unexpected));
        };
        report_deleted(key, answer.next());
        self.state().cursors[feed] = id(&next).map_err(|why| self.unexpected(why))?;
        let claimed = entries(claimed).map_err(|why| self.unexpected(why))?;
        // What is held here is held for longer by that.
        let own: HashSet<Id> = {
            let state = self.state();
            state.held.values().filter(|(of, _)| *of == feed).map(|(_, id)| *id).collect()
        };
        let claimed: Vec<_> = claimed.into_iter().filter(|entry| !own.contains(&entry.id)).collect();
        let count = claimed.len();
        if count > 0 {
            let times = self.times(key, &claimed, own.len()).await?;
            self.put(feed, claimed, |id| times.get(&id).copied().unwrap_or(2));
        }
        Ok(count)
    }

    /// How often these were delivered.
    async fn times(&self, key: &str, claimed: &[Entry], others: usize) -> Result<HashMap<Id, u32>> {
        let (Some(first), Some(last)) = (claimed.first(), claimed.last()) else { return Ok(HashMap::new()) };
        let mut command = cmd("XPENDING");
        command.arg(key).arg(&self.group).arg(first.id.to_string()).arg(last.id.to_string());
        command.arg(claimed.len() + others).arg(&self.consumer);
        let answer =
            array(self.ask("asking how often", &command).await?).map_err(|why| self.unexpected(why))?;
        let one = |pending: Value| {
            let pending = array(pending).ok()?;
            let count = number(pending.get(3)?)?;
            Some((id(pending.first()?).ok()?, u32::try_from(count).unwrap_or(u32::MAX)))
        };
        Ok(answer.into_iter().filter_map(one).collect())
    }

    /// Looks at once for what was given back.
    pub(crate) async fn look_again(&self) {
        let fetching = {
            let mut state = self.state();
            state.due = Instant::now();
            state.fetching
        };
        if fetching {
            self.interrupt().await;
        }
    }

    /// Has the server answer at once who waits for something new.
    async fn interrupt(&self) {
        let Some(number) = self.number else { return };
        let unblock = cmd("CLIENT").arg("UNBLOCK").arg(number).to_owned();
        if let Err(error) = self.broker.control.ask("ending a wait", &unblock).await {
            tracing::debug!(%error, "the wait ends by itself");
        }
    }

    /// Waits until nothing is fetched any more.
    pub(crate) async fn end(&self) {
        self.changed.notify_waiters();
        if self.state().fetching {
            self.interrupt().await;
        }
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !self.state().fetching {
                return;
            }
            changed.await;
        }
    }

    /// Tells the server now and then that the group still listens.
    pub(crate) async fn ask_for_events(&self) -> Result<()> {
        let often = (self.broker.settings.forget / 4).min(GONE);
        if self.state().asked.elapsed() < often {
            return Ok(());
        }
        self.broker.declare(&self.subscription).await?;
        self.state().asked = Instant::now();
        Ok(())
    }

    async fn tidy(&self) -> Result<()> {
        for feed in &self.feeds {
            let mut script = TIDY.prepare_invoke();
            let gone = u64::try_from(GONE.as_millis()).unwrap_or(u64::MAX);
            script.key(&feed.key).arg(&self.group).arg(RETURNED).arg(gone);
            self.broker.control.run("removing consumers that are gone", &script).await?;
        }
        Ok(())
    }
}

/// Says what was lost because somebody trimmed the stream.
fn report_deleted(key: &str, deleted: Option<Value>) {
    let Some(Value::Array(deleted)) = deleted else { return };
    if !deleted.is_empty() {
        let count = deleted.len();
        tracing::error!(stream = key, count, "messages were deleted before they were settled: they are lost");
    }
}
