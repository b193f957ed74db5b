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
mod builder;
mod call;
pub mod catalog;
mod check;
mod codec;
mod config;
mod context;
mod dependency;
mod describe;
mod enter;
mod envelope;
mod error;
mod fault;
mod function;
mod guard;
mod handle;
mod headers;
mod id;
mod in_flight;
mod inspect;
pub mod json;
mod memory;
mod message;
mod model;
mod nearest;
mod plan;
mod provision;
mod publish;
mod receive;
mod registry;
mod relay;
mod scope;
mod send;
mod set;
mod shape;
mod store;
mod transport;
mod work;

pub use app::{App, Stopped};
pub use builder::AppBuilder;
pub use call::BoxFuture;
#[cfg(feature = "msgpack")]
pub use codec::MessagePack;
pub use codec::{Codec, JSON, Json, Read};
pub use context::{
    Authorization, Cancellation, Commands, Context, Deadline, Dispatcher, Header, JsonView, Principal,
    Provided, Queries, TypedHeader,
};
pub use dependency::Dependency;
pub use envelope::{Envelope, Head, RESERVED_PREFIX, TraceContext};
pub use error::{Error, Fault, FaultEntry, FaultInfo, FaultView, FieldFault, IntoError, Kind, Result};
pub use fault::{BuildError, WiringFault};
pub use guard::{GuardOutput, Next};
pub use handle::{Answer, IntoReply};
pub use headers::Headers;
pub use id::new_id;
pub use jiff::Timestamp;
pub use memory::{Loopback, MemoryBroker, MemoryStore};
pub use message::{Command, Event, InFamily, Message, MessageKind, MessageMeta, Query, Request, Site};
pub use publish::{PublishError, PublishPolicy, Publishing};
pub use receive::Endpoint;
pub use registry::Slice;
pub use scope::{Demand, FromContext, Scope};
pub use send::Sending;
pub use set::{Has, Here, MessageSet};
pub use shape::{EventInput, GuardInput, Input, RequestInput};
pub use store::{Delivery, Outcome, Store};
pub use tokio_util::sync::CancellationToken;
pub use transport::{Incoming, Ingress, Remote, Sink, Source};
pub use uuid::Uuid;
pub use work::{Events, Transaction, UnitOfWork, Work, WorkDemand};

/// What the attributes' expansions call. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::call::{Call, Step, blocking};
    pub use crate::config::ConfigEntry;
    pub use crate::dependency::{Built, Dep, tag};
    pub use crate::error::{AsSource, Fault, FaultEntry, FaultInfo, FaultView, Kind, Result};
    pub use crate::function::{Bound, FunctionEntry, Wiring, Writable};
    pub use crate::guard::{
        Around, Check, CheckAny, GuardOutput, IsNext, Next, Target, done, provide, take_next,
    };
    pub use crate::handle::{
        Answer, Handle, IntoReply, Listen, Owned, ReplyOf, answer, dispatch_answer, owned, reply,
    };
    pub use crate::message::{
        Command, Event, InFamily, Message, MessageMeta, Query, Request, Site, Slot, TypeInfo,
    };
    pub use crate::registry::{MessageEntry, SliceEntry, family, message};
    pub use crate::scope::{FromContext, Scope, take};
    pub use crate::shape::{EventInput, GuardInput, Input, Many, RequestInput, Single};
    pub use crate::work::{UnitOfWork, begin, commit, finish};
    pub use {inventory, schemars, serde};

    /// The value that orders a message, as text.
    pub fn key(value: &impl std::fmt::Display) -> Option<String> {
        Some(value.to_string())
    }
}
