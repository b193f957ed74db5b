//! Events of one process on their way to the streams of the groups.
//!
//! They come from the sink through a queue, and leave in batches, a transaction
//! each: who waits shares a round trip, a sync, and one look at the routes. A
//! task does it that nobody cancels. An event that finds nobody before it is
//! written by its own caller, on the same connection: it need not wait for a
//! task to wake up.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use anywise_core::{BoxFuture, Error, Frame, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{Pipeline, Value, cmd};
use tokio::sync::{mpsc, oneshot};

use crate::config::Settings;
use crate::connection::{Connection, Live};
use crate::durability::{Confirm, examine};
use crate::entry::add;
use crate::error::away;
use crate::routes::{Routes, known};

/// Events that wait to be taken into a batch.
const WAITING: usize = 1024;
/// Events of a batch at most.
const BATCH: usize = 256;
/// Batches under way at one time: one is written while another is answered.
const UNDER_WAY: usize = 2;

/// Where the events of one process are handed in.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    server: Arc<Server>,
    /// Until the first event starts it.
    idle: Mutex<Option<Writing>>,
    /// Events that were handed in and have not ended.
    under_way: Arc<AtomicUsize>,
}

/// An event on its way.
#[derive(Debug)]
struct Message {
    event: String,
    frame: Frame,
    /// Streams that have it already.
    sent: Vec<Arc<str>>,
    done: oneshot::Sender<Result<()>>,
    _counted: Counted,
}

/// Counts among those under way, until it is dropped.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What the task writes with.
#[derive(Debug)]
struct Writing {
    queue: mpsc::Receiver<Message>,
    server: Arc<Server>,
}

/// The server, and what is known of it.
#[derive(Debug)]
struct Server {
    connection: Arc<Connection>,
    settings: Arc<Settings>,
    durable: AtomicBool,
    routes: Mutex<Arc<Routes>>,
    open: Mutex<Option<Open>>,
}

/// A connection, and what has to be waited for on it.
#[derive(Clone, Debug)]
struct Open {
    live: Live,
    confirm: Confirm,
}

impl Writer {
    pub(crate) fn new(connection: Arc<Connection>, settings: Arc<Settings>) -> Self {
        let (queue, receiver) = mpsc::channel(WAITING);
        let server = Arc::new(Server {
            connection,
            settings,
            durable: AtomicBool::new(false),
            routes: Mutex::default(),
            open: Mutex::default(),
        });
        let writing = Writing { queue: receiver, server: Arc::clone(&server) };
        Self { queue, server, idle: Mutex::new(Some(writing)), under_way: Arc::default() }
    }

    /// Whether what the server has confirmed survives its crash, as far as is known.
    pub(crate) fn is_durable(&self) -> bool {
        self.server.durable.load(Ordering::Relaxed)
    }

    pub(crate) fn set_durable(&self, durable: bool) {
        self.server.durable.store(durable, Ordering::Relaxed);
    }

    /// Hands in an event. It is in its place among the others when this returns,
    /// unless more wait than there is room for; what it returns waits until it is
    /// sent.
    pub(crate) fn send(&self, event: String, frame: Frame) -> BoxFuture<'static, Result<()>> {
        let (done, sent) = oneshot::channel();
        let before = self.under_way.fetch_add(1, Ordering::SeqCst);
        let counted = Counted(Arc::clone(&self.under_way));
        let message = Message { event, frame, sent: Vec::new(), done, _counted: counted };
        match self.server.known() {
            Some(open) if before == 0 => begun(self.write_alone(open, message, sent)),
            _ => self.enqueue(message, sent),
        }
    }

    /// Writes an event that nobody is before, in the task of its caller.
    fn write_alone(
        &self,
        open: Open,
        message: Message,
        sent: oneshot::Receiver<Result<()>>,
    ) -> BoxFuture<'static, Result<()>> {
        let server = Arc::clone(&self.server);
        Box::pin(async move {
            server.write(open, vec![message]).await;
            sent.await.unwrap_or_else(|_| Err(stopped()))
        })
    }

    fn enqueue(
        &self,
        message: Message,
        sent: oneshot::Receiver<Result<()>>,
    ) -> BoxFuture<'static, Result<()>> {
        let writing = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writing) = writing {
            tokio::spawn(writing.run());
        }
        let refused = self.queue.try_send(message).err();
        let queue = self.queue.clone();
        Box::pin(async move {
            if let Some(
                mpsc::error::TrySendError::Full(message) | mpsc::error::TrySendError::Closed(message),
            ) = refused
            {
                queue.send(message).await.map_err(|_| stopped())?;
            }
            sent.await.unwrap_or_else(|_| Err(stopped()))
        })
    }
}

/// A future that has been polled once: what it does first is done.
fn begun(mut sending: BoxFuture<'static, Result<()>>) -> BoxFuture<'static, Result<()>> {
    match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Box::pin(std::future::ready(result)),
        Poll::Pending => sending,
    }
}

fn stopped() -> Error {
    away("its address", "the runtime in which it published has ended")
}

impl Message {
    fn end(self, result: Result<()>) {
        // Nobody may wait any more.
        drop(self.done.send(result));
    }
}

fn end_all(messages: Vec<Message>, error: &Error) {
    let again = || Error::new(error.kind(), error.code().to_owned(), error.message().to_owned());
    for message in messages {
        message.end(Err(again()));
    }
}

impl Writing {
    async fn run(self) {
        let Self { mut queue, server } = self;
        let (mut batch, mut under_way) = (Vec::new(), FuturesUnordered::new());
        loop {
            let count = tokio::select! {
                biased;
                // First, so that a batch is under way before the next is begun.
                Some(()) = under_way.next() => continue,
                count = queue.recv_many(&mut batch, BATCH), if under_way.len() < UNDER_WAY => count,
            };
            if count == 0 {
                break;
            }
            let batch = mem::take(&mut batch);
            match server.open().await {
                Ok(open) => under_way.push(server.write(open, batch)),
                Err(error) => end_all(batch, &error),
            }
        }
        while under_way.next().await.is_some() {}
    }
}

impl Server {
    fn held(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection there is to a server that was looked at, if it is whole.
    fn known(&self) -> Option<Open> {
        self.held().clone().filter(|open| self.connection.is_live(&open.live))
    }

    /// The same, or a new one.
    async fn open(&self) -> Result<Open> {
        if let Some(open) = self.known() {
            return Ok(open);
        }
        let live = self.connection.live().await?;
        let facts = examine(&self.connection, &self.settings).await?;
        self.durable.store(facts.durable, Ordering::Relaxed);
        let open = Open { live, confirm: facts.confirm };
        *self.held() = Some(open.clone());
        Ok(open)
    }

    fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes a batch, and tells those who wait how it ended.
    async fn write(&self, open: Open, mut batch: Vec<Message>) {
        while !batch.is_empty() {
            let routes = self.routes();
            match self.try_write(&open, &routes, &mut batch).await {
                Ok(current) if current == routes.version => {
                    return batch.into_iter().for_each(|message| message.end(Ok(())));
                }
                // Groups may have been left out: they get it now.
                Ok(_) => match Routes::read(&self.connection, &self.settings.names).await {
                    Ok(routes) => {
                        *self.routes.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
                    }
                    Err(error) => return end_all(batch, &error),
                },
                Err(error) => return end_all(batch, &error),
            }
        }
    }

    /// Adds each event to the streams that it is not in yet; gives the version of
    /// the routes that was in force behind them. Those that were refused are told
    /// so and taken out of the batch.
    async fn try_write(
        &self,
        open: &Open,
        routes: &Routes,
        batch: &mut Vec<Message>,
    ) -> Result<Option<String>> {
        let mut pipeline = Pipeline::with_capacity(batch.len() + 4);
        let mut owners = Vec::with_capacity(batch.len());
        for (at, message) in batch.iter_mut().enumerate() {
            let new = routes.of(&message.event).iter().filter(|stream| !message.sent.contains(stream));
            for stream in new.cloned().collect::<Vec<_>>() {
                pipeline.add_command(add(&stream, &message.frame));
                message.sent.push(stream);
                owners.push(at);
            }
        }
        pipeline.add_command(cmd("GET").arg(self.settings.names.version()).to_owned());
        let mut answers = self.connection.ask_all(&open.live, &mut pipeline, owners.len() > 1).await?;
        let version = answers.pop().unwrap_or_default();
        let any = !owners.is_empty();
        self.take_out(batch, &owners, answers);
        if any {
            self.confirm(open).await?;
        }
        Ok(known(
            version.extract_error().map_err(|error| self.connection.error("reading its version", &error))?,
        ))
    }

    /// Waits until what was written on this connection is where it has to be.
    async fn confirm(&self, open: &Open) -> Result<()> {
        let Some(wait) = open.confirm.command(self.connection.patience()) else { return Ok(()) };
        let answer = self.connection.ask_on(&open.live, "waiting until it is synced", &wait).await?;
        if open.confirm.is_met(&answer) {
            return Ok(());
        }
        let why = format!("it was not synced as asked for ({:?}): {answer:?}", open.confirm);
        Err(away(self.connection.address(), why))
    }

    /// Takes those out of a batch that a stream refused, and tells them.
    fn take_out(&self, batch: &mut Vec<Message>, owners: &[usize], answers: Vec<Value>) {
        let mut refused: HashMap<usize, Error> = HashMap::new();
        for (at, answer) in owners.iter().zip(answers) {
            if let Err(error) = answer.extract_error() {
                refused.insert(*at, self.connection.error("publishing", &error));
            }
        }
        if refused.is_empty() {
            return;
        }
        for (at, message) in mem::take(batch).into_iter().enumerate() {
            match refused.remove(&at) {
                Some(error) => message.end(Err(error)),
                None => batch.push(message),
            }
        }
    }
}
