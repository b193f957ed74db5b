//! Messages a function records, to be told to others once its work is kept.
//!
//! A recorded message stays a Rust value until the commit: there it becomes
//! deliveries of the store, or, where there is no store, is handed to its
//! receivers afterwards.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::Inner;
use crate::catalog::MessageKind;
use crate::codec::AnyMessage;
use crate::context::scope::{Extra, Scope};
use crate::envelope::Envelope;
use crate::error::{Error, Kind, Result};
use crate::message::set::{CommandSet, EventSet, Has};
use crate::message::{Command, Event, Message, MessageMeta};
use crate::ports::store::delivery::Delivery;
use crate::registry::registry;
use crate::walk::enter::Enter;
use crate::walk::work::{UnitOfWork, Work, WorkDemand};

/// A recorded message with what it inherits from its cause.
pub(crate) type Caused = (Box<dyn Record>, Option<Box<Extra>>);

/// A recorded message, and when it is due.
pub(crate) struct Recorded {
    pub(crate) message: Box<dyn Record>,
    pub(crate) due: Option<Timestamp>,
    pub(crate) id: Option<Uuid>,
}

impl Recorded {
    pub(crate) fn new<M: Message>(message: M) -> Self {
        Self { message: Box::new(message), due: None, id: None }
    }
}

/// A message that was recorded, whatever its type.
///
/// What its type must do is little: how it is written and where it goes is
/// known to its entry, once, and not compiled again for who records it.
pub(crate) trait Record: Send + Sync {
    fn meta(&self) -> &'static MessageMeta;
    fn key(&self) -> Option<String>;
    fn as_any(&self) -> &dyn Any;
    fn into_any(self: Box<Self>) -> AnyMessage;
}

impl<M: Message> Record for M {
    fn meta(&self) -> &'static MessageMeta {
        M::META
    }

    fn key(&self) -> Option<String> {
        Message::key(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> AnyMessage {
        self
    }
}

impl dyn Record {
    /// Puts it into an envelope.
    pub(crate) fn seal(&self, app: &Inner, extra: &mut Extra) -> Result<Envelope> {
        let codec = app.codecs.first();
        crate::codec::seal_any(self.meta(), self.as_any(), &|| self.key(), codec, &mut extra.head)
    }

    /// The deliveries of its envelope.
    pub(crate) fn deliveries(&self, app: &Inner, envelope: Envelope) -> Result<Vec<Delivery>> {
        match self.meta().kind {
            MessageKind::Event => Ok(app.deliveries(&envelope)),
            _ => Ok(vec![Delivery::new(app.target_of(self.meta())?, envelope)]),
        }
    }

    /// Hands it to its receivers in this process, an event to the sinks too.
    pub(crate) async fn deliver(
        self: Box<Self>,
        app: &Arc<Inner>,
        mut extra: Option<Box<Extra>>,
    ) -> Result<()> {
        let meta = self.meta();
        let Some(entry) = registry().entry(meta) else {
            return Err(Error::internal(format!("`{}` is not registered", meta.wire_name())));
        };
        match entry.enter {
            Enter::Event { all, .. } => {
                if !app.sinks.is_empty() && !meta.is_local() {
                    let envelope = self.seal(app, extra.get_or_insert_default())?;
                    app.send_to_sinks(envelope).await?;
                }
                all(app, self.into_any(), extra).await
            }
            Enter::Request(enter) => enter(app, self.into_any(), extra).await.map(drop),
        }
    }
}

/// An error for a message that can only be kept where nothing keeps.
#[cold]
pub(crate) fn no_store(meta: &'static MessageMeta) -> Error {
    Error::new(
        Kind::Internal,
        "AW4131",
        format!(
            "`{}` is to be kept, and the application has no store: give it one with `.store(..)`",
            meta.wire_name()
        ),
    )
}

/// Records the events of the set `S`, a tuple, and no others.
///
/// They are delivered after the function's work is committed, in the order
/// they were recorded; an error drops them all. With a store they are kept in
/// the same commit as the rest of the work.
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[command]
/// struct Pay {
///     order_id: String,
/// }
///
/// #[event]
/// struct Paid {
///     order_id: String,
/// }
///
/// #[handler]
/// async fn pay(cmd: Pay, events: &mut Events<(Paid,)>) {
///     events.publish(Paid { order_id: cmd.order_id });
/// }
/// ```
pub struct Events<S> {
    recorded: Vec<Recorded>,
    set: PhantomData<fn() -> S>,
}

impl<S: EventSet> Events<S> {
    /// Records an event.
    pub fn publish<E: Event, P>(&mut self, event: E)
    where
        S: Has<E, P>,
    {
        self.recorded.push(Recorded::new(event));
    }
}

impl<S: EventSet> UnitOfWork for Events<S> {
    fn begin(_: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { recorded: Vec::new(), set: PhantomData })
    }

    fn finish(mut self, work: &mut Work) -> Result<()> {
        work.recorded.append(&mut self.recorded);
        Ok(())
    }

    fn demand(demand: &mut WorkDemand) {
        demand.emits::<S>();
    }
}

/// Records commands of the set `S`, a tuple, to be handled after the
/// function's work is committed; nobody waits for their replies.
///
/// With a store each is a delivery: kept in the same commit as the rest of the
/// work, and tried until its handler has succeeded or it is a dead letter. To
/// send a command at once and wait for its reply, take
/// [`Commands`](crate::Commands) by value.
///
/// # Examples
/// ```
/// use anywise::prelude::*;
///
/// #[command]
/// struct SendReceipt {
///     order_id: String,
/// }
///
/// #[command]
/// struct Pay {
///     order_id: String,
/// }
///
/// #[handler]
/// async fn pay(cmd: Pay, outbox: &mut Outbox<(SendReceipt,)>) {
///     outbox.send(SendReceipt { order_id: cmd.order_id });
/// }
///
/// #[handler]
/// async fn send_receipt(cmd: SendReceipt) {}
/// ```
pub struct Outbox<S> {
    recorded: Vec<Recorded>,
    set: PhantomData<fn() -> S>,
}

impl<S: CommandSet> Outbox<S> {
    /// Records a command.
    pub fn send<C: Command, P>(&mut self, command: C)
    where
        S: Has<C, P>,
    {
        self.recorded.push(Recorded::new(command));
    }
}

impl<S: CommandSet> UnitOfWork for Outbox<S> {
    fn begin(_: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { recorded: Vec::new(), set: PhantomData })
    }

    fn finish(mut self, work: &mut Work) -> Result<()> {
        work.recorded.append(&mut self.recorded);
        Ok(())
    }

    fn demand(demand: &mut WorkDemand) {
        demand.posts::<S>();
    }
}

/// Schedules commands of the set `S`, a tuple: each is handled at or after its
/// time, also if the process ends in between.
///
/// What is scheduled, and what is cancelled, is kept in the same commit as the
/// rest of the function's work. It needs a store.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use anywise::prelude::*;
///
/// #[command]
/// struct Remind {
///     order_id: String,
/// }
///
/// #[command(reply = String)]
/// struct Place {
///     order_id: String,
/// }
///
/// #[handler]
/// async fn place(cmd: Place, schedule: &mut Schedule<(Remind,)>) -> Result<String> {
///     let reminder = schedule.after(Duration::from_secs(900), Remind { order_id: cmd.order_id });
///     Ok(reminder.to_string())
/// }
///
/// #[handler]
/// async fn remind(cmd: Remind) {}
/// ```
pub struct Schedule<S> {
    recorded: Vec<Recorded>,
    cancel: Vec<Uuid>,
    set: PhantomData<fn() -> S>,
}

impl<S: CommandSet> Schedule<S> {
    /// Schedules a command at `due`, or at once if that is past; answers with
    /// the id to [`cancel`](Self::cancel) it by.
    pub fn at<C: Command, P>(&mut self, due: Timestamp, command: C) -> Uuid
    where
        S: Has<C, P>,
    {
        let id = Uuid::now_v7();
        self.recorded.push(Recorded { due: Some(due), id: Some(id), ..Recorded::new(command) });
        id
    }

    /// Schedules a command in `delay` from now.
    pub fn after<C: Command, P>(&mut self, delay: Duration, command: C) -> Uuid
    where
        S: Has<C, P>,
    {
        let due = Timestamp::now().checked_add(delay).unwrap_or(Timestamp::MAX);
        self.at(due, command)
    }

    /// Cancels what was scheduled under `id`, unless it is due by then.
    pub fn cancel(&mut self, id: Uuid) {
        self.cancel.push(id);
    }
}

impl<S: CommandSet> UnitOfWork for Schedule<S> {
    fn begin(_: &mut Scope<'_>) -> Result<Self> {
        Ok(Self { recorded: Vec::new(), cancel: Vec::new(), set: PhantomData })
    }

    fn finish(mut self, work: &mut Work) -> Result<()> {
        work.recorded.append(&mut self.recorded);
        work.cancel.append(&mut self.cancel);
        Ok(())
    }

    fn demand(demand: &mut WorkDemand) {
        demand.posts::<S>();
        demand.schedules();
    }
}

macro_rules! debug_as_count {
    ($($name:ident)*) => {$(
        impl<S> std::fmt::Debug for $name<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("recorded", &self.recorded.len()).finish()
            }
        }
    )*};
}

debug_as_count!(Events Outbox Schedule);
