//! What a message is: plain data with a stable name, known at compile time.
//!
//! The attributes implement these traits; nothing here knows of handlers.
//! A message's [`Slot`] is how a typed `send` finds its table row without
//! hashing.

mod meta;
pub(crate) mod set;
pub(crate) mod shape;
mod site;
mod slot;

pub(crate) use meta::MessageId;
pub use meta::MessageMeta;
pub use site::{Site, TypeInfo};
pub use slot::Slot;

pub use crate::catalog::MessageKind;

/// Plain data that travels between slices.
///
/// Implemented by `#[command]`, `#[query]` and `#[event]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message",
    note = "put `#[command]`, `#[query]` or `#[event]` on it"
)]
pub trait Message: crate::message::shape::Input<Shape = crate::message::shape::Single> {
    /// What the attribute said.
    const META: &'static MessageMeta;

    #[doc(hidden)]
    fn slot() -> &'static Slot;

    /// The value that orders this message, if its type has a key.
    fn key(&self) -> Option<String> {
        None
    }
}

/// A message with one handler and a reply: a command or a query.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command or query",
    label = "not a command or query",
    note = "a handler answers a `#[command]` or `#[query]`; for an event use `#[listen]`"
)]
pub trait Request: Message {
    /// What the handler answers.
    type Reply: Send + Sync + 'static;
}

/// A request to change state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "not a command",
    note = "put `#[command]` on it"
)]
pub trait Command: Request {}

/// A request for present state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a query",
    label = "not a query",
    note = "put `#[query]` on it"
)]
pub trait Query: Request {}

/// A message that says that something happened.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "a listener receives an `#[event]`; for a command or query use `#[handler]`"
)]
pub trait Event: Message {}

/// Membership of a message in the family `F`, a marker type.
pub trait InFamily<F: ?Sized>: Message {}
