//! The machine-readable model of everything an application registers.
//!
//! A [`Catalog`] is plain data: it is built once from the link-time entries
//! and the resolved wiring, serialises to JSON, and is the only source of every
//! document (site, Markdown, diagrams). It holds no function pointers and
//! reaches no running application.

use serde::{Deserialize, Serialize};

/// Everything registered in one application, sorted by stable id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Catalog {
    /// Version of this model; raised when a field changes its meaning.
    pub format: u32,
    /// Name of the application.
    pub application: String,
    /// The slices, by name.
    pub slices: Vec<Slice>,
    /// The messages, by wire name.
    pub messages: Vec<Message>,
    /// Handlers, listeners, guards and providers, by stable id.
    pub functions: Vec<Function>,
    /// Application dependencies, by type name.
    pub dependencies: Vec<Dependency>,
}

/// A named group of functions and messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Slice {
    /// Name, the first part of its messages' wire names.
    pub name: String,
    /// What it is for, in the words of its `slice!` line.
    pub docs: String,
    /// Rust module that declares it.
    pub module: String,
    /// Where it is declared; absent for a slice named after its crate.
    pub site: Option<Site>,
    /// False when only its messages are linked and its functions run elsewhere.
    pub local: bool,
}

/// A place in the user's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// Path as the compiler saw it.
    pub file: String,
    /// Line of the attribute, counted from 1.
    pub line: u32,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Asks one handler to change state; has a reply.
    Command,
    /// Asks one handler for present state; has a reply.
    Query,
    /// Says that something happened; zero to many listeners.
    Event,
}

impl MessageKind {
    /// As a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Query => "query",
            Self::Event => "event",
        }
    }
}

/// A command, query or event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Wire name, for example `payment.CreatePayment`.
    pub name: String,
    /// Name of the Rust type without its path.
    pub type_name: String,
    /// Command, query or event.
    pub kind: MessageKind,
    /// Name of the slice it belongs to.
    pub slice: String,
    /// Version of its shape, from 1.
    pub version: u32,
    /// Older wire names it still answers to.
    pub aliases: Vec<String>,
    /// Field that orders it, if any.
    pub key: Option<String>,
    /// Families it belongs to.
    pub families: Vec<String>,
    /// True when it never leaves the process and has no wire form.
    pub local: bool,
    /// Its doc comment, Markdown.
    pub docs: String,
    /// Where it is declared.
    pub site: Site,
    /// Its HTTP route, if any.
    pub http: Option<HttpRoute>,
    /// JSON Schema (draft 2020-12) of the body; absent for local messages.
    pub schema: Option<serde_json::Value>,
    /// What its handler answers; absent for events.
    pub reply: Option<Reply>,
    /// Stable ids of its handler or listeners in this application.
    pub received_by: Vec<String>,
    /// Stable ids of the functions that emit or send it.
    pub sent_by: Vec<String>,
}

/// The reply of a command or query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reply {
    /// Rust type, for people.
    pub type_name: String,
    /// JSON Schema of the reply; absent for local messages.
    pub schema: Option<serde_json::Value>,
}

/// How HTTP reaches a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpRoute {
    /// Method in capitals.
    pub method: String,
    /// Path template, `/orders/{order_id}`.
    pub path: String,
    /// Status of a successful reply.
    pub status: u16,
    /// Template of the `Location` header, filled from the reply's fields.
    pub location: Option<String>,
}

/// What a registered function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FunctionKind {
    /// Answers a command or query.
    Handler,
    /// Reacts to an event.
    Listener,
    /// Runs before or around handlers and listeners.
    Guard,
    /// Builds a dependency.
    Provider,
}

/// A registered function, as its signature describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Function {
    /// Stable id: module path and name, for example `shop_payment::handlers::create_payment`.
    pub id: String,
    /// Name without its path.
    pub name: String,
    /// Handler, listener, guard or provider.
    pub kind: FunctionKind,
    /// Name of the slice it belongs to.
    pub slice: String,
    /// Its doc comment, Markdown.
    pub docs: String,
    /// Where its attribute stands.
    pub site: Site,
    /// Wire names of the messages it receives.
    pub receives: Vec<String>,
    /// Values taken from the message's context.
    pub takes: Vec<Parameter>,
    /// Application dependencies it borrows.
    pub needs: Vec<Parameter>,
    /// Units of work it writes through.
    pub writes: Vec<Parameter>,
    /// Wire names of the events it may emit: exact.
    pub emits: Vec<String>,
    /// Wire names of the commands and queries it may send: exact.
    pub sends: Vec<String>,
    /// Type a guard or provider provides.
    pub provides: Option<String>,
    /// The guards in front of it, in the order they run.
    pub guards: Vec<GuardStep>,
    /// A guard's target in words (`slice`, `commands`, `messages(…)`).
    pub target: Option<String>,
    /// A guard's place among guards of the same breadth.
    pub order: i32,
    /// True for an around-guard.
    pub around: bool,
    /// True when it runs on the blocking pool.
    pub blocking: bool,
    /// Longest run in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Most runs at one time.
    pub concurrency: Option<u32>,
    /// When it runs by the clock: a cron line, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// What is promised about its effects; absent for guards and providers.
    pub guarantee: Option<Guarantee>,
    /// Errors its return type declares.
    pub faults: Vec<Fault>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name in the signature.
    pub name: String,
    /// Type, for people.
    pub type_name: String,
}

/// A guard in a resolved chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuardStep {
    /// Stable id of the guard.
    pub id: String,
    /// Its target in words.
    pub target: String,
    /// True when it also sees the reply.
    pub around: bool,
}

/// What is promised about a function's effects, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Guarantee {
    /// `in-memory`, `at-least-once` or `effect-once`.
    pub name: String,
    /// The reason, derived from the signature and the store.
    pub reason: String,
}

/// An error a function declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// Stable code, for example `payment.declined`.
    pub code: String,
    /// Kind in words, for example `conflict`.
    pub kind: String,
    /// HTTP status it maps to.
    pub status: u16,
}

/// An application dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dependency {
    /// Type, for people.
    pub type_name: String,
    /// Where it comes from: a provider's id, `configuration` or `builder`.
    pub source: String,
    /// Stable ids of the functions that borrow it.
    pub needed_by: Vec<String>,
}
