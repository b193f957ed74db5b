//! The journey of a message through an anywise application.
//!
//! This crate holds everything between a message coming in and its effects
//! going out: messages and envelopes, codecs, the link-time registry, contexts,
//! guards, dispatch, units of work, the ports to stores and transports with
//! their in-memory references, and the catalog. It does no network or disk I/O
//! and names no adapter. Users depend on the facade crate `anywise`, which
//! re-exports this one.
//!
//! A message comes in through [`App::send`], [`App::publish`],
//! [`App::dispatch`] or an [`Endpoint`]; it leaves as a reply, through a
//! [`Sink`], a [`Remote`] or a [`Store`].

mod app;
pub mod catalog;
mod codec;
mod context;
mod envelope;
mod error;
mod message;
mod ports;
mod registry;
mod startup;
mod walk;

pub use app::{App, Stopped};
pub use bytes::Bytes;
#[cfg(feature = "msgpack")]
pub use codec::MessagePack;
pub use codec::json;
pub use codec::text::TextForm;
pub use codec::{Codec, JSON, Json, Read, open_reply};
pub use context::scope::{Demand, FromContext, Scope};
pub use context::{
    Authorization, Cancellation, Commands, Context, Deadline, Dispatcher, Header, JsonView, Nested,
    Principal, Provided, Queries, TypedHeader,
};
pub use envelope::cloudevent::Foreign;
pub use envelope::frame::{Binding, Frame};
pub use envelope::headers::Headers;
pub use envelope::id::new_id;
pub use envelope::{Envelope, Head, RESERVED_PREFIX, TraceContext, link};
pub use error::{
    Error, Fault, FaultEntry, FaultInfo, FaultView, FieldFault, IntoError, Kind, Result, WireError, WireFault,
};
pub use jiff::Timestamp;
pub use message::set::{CommandSet, EventSet, Has, Here, MessageSet, QuerySet};
pub use message::shape::{EventInput, GuardInput, Input, RequestInput};
pub use message::{Command, Event, InFamily, Message, MessageKind, MessageMeta, Query, Request, Site};
pub use ports::consumer::policy::{ConsumePolicy, Unknown};
pub use ports::consumer::status::{ConsumerState, Consuming};
pub use ports::discovery::{Discovery, Instance, Instances, InstancesSender};
pub use ports::health::Health;
pub use ports::memory::{Loopback, MemoryBroker, MemoryStore};
pub use ports::observer::{Observer, Settled};
pub use ports::policy::RemotePolicy;
pub use ports::policy::breaker::{BreakerPolicy, BreakerState};
pub use ports::policy::budget::BudgetPolicy;
pub use ports::policy::named::RemotePolicies;
pub use ports::policy::under::UnderPolicy;
pub use ports::relay::policy::{RelayPolicy, jitter};
pub use ports::requests::{Requesting, Requests};
pub use ports::schedule::{IsTick, Tick};
pub use ports::store::claim::{Claim, Claimed, Claims, Failure, SUSPECT, Settlement, Want, company};
pub use ports::store::dead::{Buried, DeadLetter, DeadLetterId, DeadLetterState, DeadLetters};
pub use ports::store::delivery::{Delivery, Depth};
pub use ports::store::inbox::{Acceptance, Arrival};
pub use ports::store::outcome::Outcome;
pub use ports::store::remember::{Memory, Remembered};
pub use ports::store::{Batch, Retention, Store, StoreTraits};
pub use ports::transport::{
    Incoming, Ingress, Ordered, Remote, Sink, Source, Subscription, Tag, Topology, Transport, TransportTraits,
};
pub use registry::Slice;
pub use registry::requirement::Requirement;
pub use startup::builder::AppBuilder;
pub use startup::dependency::Dependency;
pub use startup::fault::{BuildError, WiringFault};
pub use startup::routing::{Destination, Route, Routing};
pub use tokio_util::sync::CancellationToken;
pub use tracing;
pub use uuid::Uuid;
pub use walk::call::BoxFuture;
pub use walk::guard::{GuardOutput, Next};
pub use walk::handle::{Answer, IntoReply};
pub use walk::nest::{Join, Kept, Nest, Waiting};
pub use walk::publish::{PublishError, PublishPolicy, Publishing};
pub use walk::receive::Endpoint;
pub use walk::record::{Events, Outbox, Schedule};
pub use walk::send::{Posting, SendFuture, Sending};
pub use walk::work::{Durable, Transaction, UnitOfWork, Work, WorkDemand};

/// What the attributes' expansions call. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::context::scope::{FromContext, Luggage, Place, Scope};
    pub use crate::error::{AsSource, Fault, FaultEntry, FaultInfo, FaultView, Kind, Result, view};
    pub use crate::message::shape::{EventInput, GuardInput, Input, Many, RequestInput, Single};
    pub use crate::message::{
        Command, Event, InFamily, Message, MessageMeta, Query, Request, Site, Slot, TypeInfo,
    };
    pub use crate::registry::config::ConfigEntry;
    pub use crate::registry::function::{Bound, FunctionEntry, Wiring, Writable};
    pub use crate::registry::requirement::Requirement;
    pub use crate::registry::{MessageEntry, SliceEntry, family, message};
    pub use crate::startup::dependency::{Built, Dep, tag};
    pub use crate::walk::call::{AroundStep, BoxFuture, Step, blocking, call, room};
    pub use crate::walk::guard::{
        Around, Check, CheckAny, GuardOutput, IsNext, Next, Target, provide, take_next,
    };

    pub use crate::walk::commit::commit;
    pub use crate::walk::handle::{
        Answer, Answers, Handle, HandleNow, IntoReply, Listen, ListenNow, Owned, ReplyOf, owned,
    };
    pub use crate::walk::plan::pass;
    pub use crate::walk::run::{Held, Ran, RunHandler, RunListener, Taken};
    pub use crate::walk::work::{UnitOfWork, work};
    pub use {inventory, schemars, serde};

    /// The value that orders a message, as text.
    pub fn key(value: &impl std::fmt::Display) -> Option<String> {
        Some(value.to_string())
    }
}
