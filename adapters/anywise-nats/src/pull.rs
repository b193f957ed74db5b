//! Pulling: asking the server for as many messages as there is room for, and
//! sorting what comes into messages and what the server says of the asking.
//!
//! It is done by hand because the client's own stream of messages asks ahead on
//! its own account: what it holds, nobody would extend.

use std::collections::VecDeque;
use std::time::Duration;

use anywise_core::{Error, Result};
use async_nats::client::Request;
use async_nats::{Message, StatusCode, Subscriber};
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::again::{Again, Count, in_order};
use crate::connection::{Connection, Link};

/// The name under which one process of a group is pinned.
pub(crate) const PINNED: &str = "all";

/// How long the server remembers that it was asked.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server says that it is there while nothing comes.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long it may be silent, and how long a lost connection may stay so.
const SILENCE: Duration = Duration::from_secs(5);

/// Without anything coming for so long, nothing is on its way.
const CALM: Duration = Duration::from_millis(20);
/// Longest wait for that.
const LONGEST_CALM: Duration = Duration::from_secs(1);

/// What the server is asked with.
#[derive(Serialize)]
struct Ask<'p> {
    batch: usize,
    /// Nanoseconds, as all times of the server.
    expires: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_heartbeat: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'p str>,
}

/// What was asked for, and what has come of it.
pub(crate) struct Pull {
    subscriber: Subscriber,
    inbox: String,
    subject: String,
    /// Messages that have come and were not taken.
    ready: VecDeque<Message>,
    /// Messages that were asked for and have not come.
    outstanding: usize,
    /// Why nothing more will come.
    failed: Option<Error>,
    /// Breaks of the connection that are taken into account.
    breaks: u64,
    /// How long the server holds a message for one process, if that is to have
    /// all of them.
    ordered: Option<Duration>,
    /// Why it is to be counted what will come again, if it is.
    uncounted: Option<Uncounted>,
    /// What comes again and is waited for.
    again: Option<Again>,
    link: watch::Receiver<Link>,
    heard: Instant,
    expires: Duration,
    pin: Pin,
}

/// Since when it is not known what will come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Uncounted {
    /// This process has just begun, or has just been pinned.
    Begun,
    /// The connection broke, and what was on its way is lost.
    Broken,
}

/// Whether one process of the group is pinned, and the proof that it is this.
enum Pin {
    Shared,
    Standby,
    Held(String),
}

impl Pull {
    /// Prepares to pull from a consumer. `ordered`: how long a message may be
    /// held, if one process of the group has all of them.
    pub(crate) async fn prepare(
        connection: &Connection,
        stream: &str,
        consumer: &str,
        ordered: Option<Duration>,
    ) -> Result<Self> {
        let link = connection.link();
        let breaks = link.borrow().breaks;
        let inbox = connection.client.new_inbox();
        let subscriber = connection.client.subscribe(inbox.clone()).await;
        Ok(Self {
            subscriber: subscriber.map_err(|error| connection.away(error))?,
            inbox,
            subject: format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"),
            ready: VecDeque::new(),
            outstanding: 0,
            failed: None,
            breaks,
            ordered,
            // Who stands by learns it when it is pinned.
            uncounted: ordered.is_none().then_some(Uncounted::Begun),
            again: None,
            link,
            heard: Instant::now(),
            // A pinned process asks often enough to stay pinned.
            expires: ordered.map_or(EXPIRES, |hold| EXPIRES.min(hold / 2)),
            pin: if ordered.is_some() { Pin::Standby } else { Pin::Shared },
        })
    }

    /// Whether it has to be counted what will come again.
    pub(crate) fn is_uncounted(&mut self) -> bool {
        let breaks = self.link.borrow().breaks;
        if breaks != self.breaks {
            // The server forgets what it was asked over a connection that broke.
            self.breaks = breaks;
            self.outstanding = 0;
            self.uncounted = Some(Uncounted::Broken);
        }
        self.uncounted.is_some()
    }

    /// It is counted; `here` are held by this process. If it is to have all, it
    /// waits for the rest: what was lost on its way comes when the server does not
    /// hold it any more, what a predecessor gave back at once, before anything new.
    pub(crate) fn count<'m>(&mut self, count: Count, here: impl Iterator<Item = &'m Message>) {
        self.sort_what_came(usize::MAX);
        let mut again = Again::wait(count, self.ordered);
        again.find(here);
        again.find(self.ready.iter());
        if self.uncounted.take() == Some(Uncounted::Broken) {
            again.wait_for_others();
        }
        self.again = Some(again);
    }

    /// What has come, at most `most`; an error once there is nothing more.
    pub(crate) fn take(&mut self, most: usize) -> Result<Vec<Message>> {
        self.sort_what_came(if self.again.is_some() { usize::MAX } else { most });
        if let Some(again) = &mut self.again {
            if self.failed.is_none() && !again.is_over() {
                return Ok(Vec::new());
            }
            self.again = None;
            in_order(&mut self.ready);
        }
        let count = most.min(self.ready.len());
        if count == 0
            && let Some(error) = self.failed.take()
        {
            self.failed = Some(again(&error));
            return Err(error);
        }
        Ok(self.ready.drain(..count).collect())
    }

    /// What has come and was not taken.
    pub(crate) fn waiting(&mut self) -> impl Iterator<Item = &Message> {
        self.sort_what_came(usize::MAX);
        self.ready.iter()
    }

    /// Asks for what there is room for, unless half of it is on its way.
    pub(crate) async fn ask(&mut self, connection: &Connection, room: usize) -> Result<()> {
        if self.again.as_ref().is_some_and(|again| again.held().is_some()) {
            return Ok(());
        }
        let room = room + self.again.as_ref().map_or(0, Again::missing);
        if self.outstanding * 2 > room {
            return Ok(());
        }
        self.ask_for(connection, room - self.outstanding).await
    }

    /// Says that this process is still there, if it is the one that is pinned.
    pub(crate) async fn stay_pinned(&mut self, connection: &Connection) -> Result<()> {
        if matches!(self.pin, Pin::Held(_)) && self.outstanding == 0 {
            return self.ask_for(connection, 1).await;
        }
        Ok(())
    }

    async fn ask_for(&mut self, connection: &Connection, batch: usize) -> Result<()> {
        let heartbeat = HEARTBEAT.min(self.expires / 3);
        let ask = Ask { idle_heartbeat: Some(heartbeat.as_nanos()), ..self.asking(batch) };
        let ask = serde_json::to_vec(&ask).expect("numbers and text are JSON");
        let (subject, inbox) = (self.subject.clone(), self.inbox.clone());
        let sent = connection.client.publish_with_reply(subject, inbox, ask.into()).await;
        sent.map_err(|error| connection.away(error))?;
        self.outstanding += batch;
        self.heard = Instant::now();
        Ok(())
    }

    fn asking(&self, batch: usize) -> Ask<'_> {
        Ask {
            batch,
            expires: self.expires.as_nanos(),
            idle_heartbeat: None,
            group: (!matches!(self.pin, Pin::Shared)).then_some(PINNED),
            id: if let Pin::Held(id) = &self.pin { Some(id) } else { None },
        }
    }

    /// Waits until something has come, or is wrong.
    pub(crate) async fn wait(&mut self, connection: &Connection, closed: &CancellationToken) {
        let (breaks, mut link) = (self.breaks, self.link.clone());
        let held = self.again.as_ref().and_then(Again::held);
        let silent = self.heard + SILENCE;
        let over = self.again.as_ref().map_or(silent, Again::until);
        // It has nothing to say while it is not asked.
        let next = held.unwrap_or(over.min(silent));
        tokio::select! {
            biased;
            () = closed.cancelled() => {}
            message = self.subscriber.next() => match message {
                Some(message) => self.sort(message),
                None => self.failed = Some(connection.away("the subscription has ended")),
            },
            _ = link.wait_for(|link| link.breaks != breaks) => {}
            () = tokio::time::sleep_until(next) => {
                if held.is_none() && next == silent {
                    self.failed = Some(connection.away("it does not say that it is there"));
                }
            }
        }
    }

    /// Ends the asking; what has come by then is still there to be taken. Says
    /// whether this process is the one that is pinned.
    pub(crate) async fn end(&mut self, connection: &Connection) -> bool {
        self.calm_down().await;
        if self.subscriber.drain().await.is_ok() {
            // What is on its way comes before the end.
            while let Ok(Some(message)) = tokio::time::timeout(SILENCE, self.subscriber.next()).await {
                self.sort(message);
            }
        }
        if matches!(self.pin, Pin::Standby) {
            self.be_forgotten(connection).await;
        }
        matches!(self.pin, Pin::Held(_))
    }

    /// Has the server forget what it was asked before. It looks who is still
    /// there when it is asked and has nothing to give; without that it would
    /// pin this process for the next message, and then find it gone.
    async fn be_forgotten(&mut self, connection: &Connection) {
        let ask = Ask { expires: CALM.as_nanos(), ..self.asking(1) };
        let ask = serde_json::to_vec(&ask).expect("numbers and text are JSON");
        let request = Request::new().payload(ask.into()).timeout(Some(SILENCE));
        if let Ok(message) = connection.client.send_request(self.subject.clone(), request).await {
            self.sort(message);
        }
    }

    /// Waits until nothing seems to be on its way. The server cannot be told to
    /// forget what it was asked for, only that nobody listens any more: what it
    /// sends in that moment nobody would give back.
    async fn calm_down(&mut self) {
        let until = Instant::now() + LONGEST_CALM;
        while self.outstanding > 0 && Instant::now() < until {
            match tokio::time::timeout(CALM, self.subscriber.next()).await {
                Ok(Some(message)) => self.sort(message),
                _ => return,
            }
        }
    }

    fn sort_what_came(&mut self, most: usize) {
        while self.ready.len() < most
            && let Some(Some(message)) = self.subscriber.next().now_or_never()
        {
            self.sort(message);
        }
    }

    fn sort(&mut self, message: Message) {
        self.heard = Instant::now();
        match message.status {
            None | Some(StatusCode::OK) => {
                self.outstanding = self.outstanding.saturating_sub(1);
                self.note_pin(&message);
                if let Some(again) = &mut self.again {
                    again.note(&message);
                }
                self.ready.push_back(message);
            }
            Some(StatusCode::IDLE_HEARTBEAT) => {}
            Some(status) => self.hear(status, &message),
        }
    }

    fn note_pin(&mut self, message: &Message) {
        if matches!(self.pin, Pin::Shared) {
            return;
        }
        // A publisher may have written such a header too: the server's is the last.
        let id = message.headers.as_ref().and_then(|headers| headers.get_last("Nats-Pin-Id"));
        let Some(id) = id else { return };
        if matches!(self.pin, Pin::Standby) {
            self.uncounted = self.uncounted.or(Some(Uncounted::Begun));
        }
        self.pin = Pin::Held(id.as_str().to_owned());
    }

    /// What the server says of the asking.
    fn hear(&mut self, status: StatusCode, message: &Message) {
        let pending = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        let pending = pending.and_then(|pending| pending.as_str().parse().ok());
        if status == StatusCode::PIN_ID_MISMATCH {
            self.pin = Pin::Standby;
        }
        match (pending, status) {
            // It has ended, with so many to come.
            (Some(pending), _) => self.outstanding = self.outstanding.saturating_sub(pending),
            (None, StatusCode::TIMEOUT | StatusCode::PIN_ID_MISMATCH) => self.outstanding = 0,
            (None, _) => {
                let why = message.description.as_deref().unwrap_or("it does not say why");
                let why = format!("the consumer is not to be pulled from any more: {status} {why}");
                self.failed = Some(crate::error::for_now(anywise_core::Error::internal(why)));
            }
        }
    }
}

fn again(error: &Error) -> Error {
    Error::new(error.kind(), "AW2020", error.message().to_owned())
}
