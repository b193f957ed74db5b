//! What a message is: plain data with a stable name, known at compile time.
//!
//! The attributes implement these traits; nothing here knows of handlers.
//! A message's [`Slot`] is how a typed `send` finds its table row without
//! hashing.

use std::any::TypeId;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use crate::catalog::MessageKind;

/// Plain data that travels between slices.
///
/// Implemented by `#[command]`, `#[query]` and `#[event]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message",
    note = "put `#[command]`, `#[query]` or `#[event]` on it"
)]
pub trait Message: crate::shape::Input<Shape = crate::shape::Single> {
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

/// A place in the user's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Site {
    /// A file as the compiler saw it and a line counted from 1.
    pub const fn new(file: &'static str, line: u32) -> Self {
        Self { file, line }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl From<Site> for crate::catalog::Site {
    fn from(site: Site) -> Self {
        Self { file: site.file.to_owned(), line: site.line }
    }
}

/// A type as people and the resolver see it.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    pub(crate) id: TypeId,
    full: &'static str,
}

impl TypeInfo {
    /// Describes `T`.
    pub fn of<T: ?Sized + 'static>() -> Self {
        Self { id: TypeId::of::<T>(), full: std::any::type_name::<T>() }
    }

    /// The type without its paths: `Provided<User>`.
    pub fn name(&self) -> String {
        short_name(self.full)
    }
}

/// Drops every `path::` in front of an identifier.
fn short_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut word = 0;
    let mut chars = full.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            short.truncate(word);
        } else {
            short.push(c);
            if !(c.is_alphanumeric() || c == '_') {
                word = short.len();
            }
        }
    }
    short
}

/// How HTTP reaches a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpTemplate {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) location: Option<&'static str>,
}

/// What a message attribute said.
#[derive(Debug)]
pub struct MessageMeta {
    pub(crate) kind: MessageKind,
    pub(crate) type_name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) site: Site,
    pub(crate) docs: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) version: u32,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) key: Option<&'static str>,
    pub(crate) http: Option<HttpTemplate>,
    pub(crate) families: &'static [fn() -> TypeInfo],
    pub(crate) unit: bool,
}

#[doc(hidden)]
impl MessageMeta {
    const fn new(kind: MessageKind, type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self {
            kind,
            type_name,
            module,
            site,
            docs: "",
            name: None,
            version: 1,
            aliases: &[],
            key: None,
            http: None,
            families: &[],
            unit: false,
        }
    }

    pub const fn command(type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self::new(MessageKind::Command, type_name, module, site)
    }

    pub const fn query(type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self::new(MessageKind::Query, type_name, module, site)
    }

    pub const fn event(type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self::new(MessageKind::Event, type_name, module, site)
    }

    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    #[must_use]
    pub const fn key(mut self, field: &'static str) -> Self {
        self.key = Some(field);
        self
    }

    #[must_use]
    pub const fn http(
        mut self,
        method: &'static str,
        path: &'static str,
        status: Option<u16>,
        location: Option<&'static str>,
    ) -> Self {
        self.http = Some(HttpTemplate { method, path, status, location });
        self
    }

    #[must_use]
    pub const fn families(mut self, families: &'static [fn() -> TypeInfo]) -> Self {
        self.families = families;
        self
    }

    #[must_use]
    pub const fn unit(mut self) -> Self {
        self.unit = true;
        self
    }
}

/// What makes a message type itself: module, name and place.
pub(crate) type MessageId = (&'static str, &'static str, Site);

impl MessageMeta {
    pub(crate) fn id(&self) -> MessageId {
        (self.module, self.type_name, self.site)
    }

    /// Command, query or event.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The Rust type's name without its path.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Where the attribute stands.
    pub fn site(&self) -> Site {
        self.site
    }

    /// Version of the shape, from 1.
    pub fn version_number(&self) -> u32 {
        self.version
    }

    /// Whether it never leaves the process.
    pub(crate) fn is_local(&self) -> bool {
        crate::registry::registry().wire(self).is_none()
    }

    /// The wire name, `slice.TypeName` unless the attribute named it.
    pub fn wire_name(&self) -> &'static str {
        crate::registry::registry().wire_name(self)
    }
}

/// The process-wide number of a message type.
///
/// Numbers are handed out once, at the first look at the link-time entries;
/// every application's table is indexed by them.
#[derive(Debug)]
pub struct Slot {
    number: AtomicUsize,
}

impl Slot {
    /// A slot without a number.
    #[expect(clippy::new_without_default, reason = "slots are statics")]
    pub const fn new() -> Self {
        Self { number: AtomicUsize::new(0) }
    }

    /// The number, counted from 1; 0 when none was handed out yet.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.number.load(Ordering::Relaxed)
    }

    /// Hands out a number to a slot that has none.
    pub(crate) fn assign(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        if self.number() == 0 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            // Lost races waste a number, which costs one empty table row.
            let _ = self.number.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.number()
    }
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn type_names_lose_their_paths() {
        let check = |full: &str, short: &str| assert_eq!(short_name(full), short);
        check("u8", "u8");
        check("a::b::C", "C");
        check("a::P<(b::c::D, &str)>", "P<(D, &str)>");
        check("dyn a::b::Gateway", "dyn Gateway");
        check("alloc::vec::Vec<a::B>", "Vec<B>");
    }
}
