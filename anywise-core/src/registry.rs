//! What the linker collected: every entry the attributes submitted.
//!
//! The registry is the same for the whole process and never changes. It knows
//! names and types; which of it an application uses is decided by its builder.

pub(crate) mod config;
pub(crate) mod function;
pub(crate) mod requirement;

use std::collections::HashMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::Wire;
use crate::message::{Event, Message, MessageId, MessageKind, MessageMeta, Request, Site, Slot, TypeInfo};
use crate::registry::config::ConfigEntry;
use crate::registry::function::FunctionEntry;
use crate::walk::enter::{self, Enter, EnterJson};

/// A named group of functions and messages, as its crate declares it.
///
/// Made by [`slice!`](crate::slice); handed to
/// [`AppBuilder::slices`](crate::AppBuilder::slices), which also makes the
/// linker keep the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
}

impl Slice {
    #[doc(hidden)]
    pub const fn new(name: &'static str, module: &'static str) -> Self {
        Self { name, module }
    }

    /// The slice's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// Registers a module as a slice, or as the home of a slice's messages.
#[derive(Debug)]
pub struct SliceEntry {
    pub(crate) name: &'static str,
    pub(crate) docs: &'static str,
    pub(crate) module: &'static str,
    pub(crate) site: Site,
    pub(crate) contract: bool,
}

#[doc(hidden)]
impl SliceEntry {
    pub const fn new(name: &'static str, docs: &'static str, module: &'static str, site: Site) -> Self {
        Self { name, docs, module, site, contract: false }
    }

    #[must_use]
    pub const fn contract(mut self) -> Self {
        self.contract = true;
        self
    }
}

inventory::collect!(SliceEntry);

/// Declares the module it stands in as a slice.
///
/// Everything registered in the module and below it belongs to the slice. The
/// constant is what [`AppBuilder::slices`](crate::AppBuilder::slices) takes.
///
/// # Examples
/// ```
/// anywise_core::slice!(pub SLICE = "payment", "Takes money and gives it back.");
/// assert_eq!(SLICE.name(), "payment");
/// ```
#[macro_export]
macro_rules! slice {
    ($vis:vis $name:ident = $text:literal $(, $docs:literal)? $(,)?) => {
        #[doc = ::core::concat!("The slice `", $text, "`. ", $($docs)?)]
        $vis const $name: $crate::Slice = $crate::Slice::new($text, ::core::module_path!());
        $crate::__private::inventory::submit! {
            $crate::__private::SliceEntry::new(
                $text,
                ::core::concat!($($docs)?),
                ::core::module_path!(),
                $crate::__private::Site::new(::core::file!(), ::core::line!()),
            )
        }
    };
}

/// Declares that the messages of the module it stands in, and below, belong to
/// a slice whose functions live elsewhere.
///
/// # Examples
/// ```
/// pub mod payment {
///     anywise_core::contract!("payment");
///     // #[command], #[event] …
/// }
/// ```
#[macro_export]
macro_rules! contract {
    ($text:literal $(,)?) => {
        const _: () = {
            $crate::__private::inventory::submit! {
                $crate::__private::SliceEntry::new(
                    $text,
                    "",
                    ::core::module_path!(),
                    $crate::__private::Site::new(::core::file!(), ::core::line!()),
                )
                .contract()
            }
        };
    };
}

/// Registers a message type.
pub struct MessageEntry {
    pub(crate) meta: &'static MessageMeta,
    pub(crate) slot: fn() -> &'static Slot,
    pub(crate) wire: Option<Wire>,
    pub(crate) reply: Option<fn() -> TypeInfo>,
    pub(crate) reply_wire: Option<Wire>,
    pub(crate) enter: Enter,
    pub(crate) json: Option<EnterJson>,
}

#[doc(hidden)]
impl MessageEntry {
    const fn new(meta: &'static MessageMeta, slot: fn() -> &'static Slot, enter: Enter) -> Self {
        Self { meta, slot, wire: None, reply: None, reply_wire: None, enter, json: None }
    }

    pub const fn local_request<M: Request>() -> Self {
        let mut entry = Self::new(M::META, M::slot, Enter::request::<M>());
        entry.reply = Some(TypeInfo::of::<M::Reply>);
        entry
    }

    pub const fn request<M>() -> Self
    where
        M: Request + Serialize + DeserializeOwned + JsonSchema,
        M::Reply: Serialize + DeserializeOwned + JsonSchema,
    {
        let mut entry = Self::local_request::<M>();
        entry.wire = Some(Wire::of::<M>());
        entry.reply_wire = Some(Wire::of::<M::Reply>());
        entry.json = Some(enter::json::<M>);
        entry
    }

    pub const fn local_event<E: Event>() -> Self {
        Self::new(E::META, E::slot, Enter::event::<E>())
    }

    pub const fn event<E: Event + Serialize + DeserializeOwned + JsonSchema>() -> Self {
        let mut entry = Self::local_event::<E>();
        entry.wire = Some(Wire::of::<E>());
        entry
    }
}

inventory::collect!(MessageEntry);

/// Describes a type for a guard's family.
#[doc(hidden)]
pub fn family<F: ?Sized + 'static>() -> TypeInfo {
    TypeInfo::of::<F>()
}

/// Names a message for a guard's target.
#[doc(hidden)]
pub fn message<M: Message>() -> &'static MessageMeta {
    M::META
}

/// Everything linked into the process.
pub(crate) struct Registry {
    pub(crate) messages: Vec<&'static MessageEntry>,
    pub(crate) functions: Vec<&'static FunctionEntry>,
    pub(crate) slices: Vec<&'static SliceEntry>,
    pub(crate) configs: Vec<&'static ConfigEntry>,
    by_id: HashMap<MessageId, usize>,
    /// Wire names, beside `messages`.
    names: Vec<&'static str>,
    /// Modules that belong to a slice.
    homes: HashMap<&'static str, &'static str>,
}

/// The registry, made at the first look.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(Registry::collect)
}

impl Registry {
    fn collect() -> Self {
        let mut slices: Vec<_> = inventory::iter::<SliceEntry>().collect();
        slices.sort_by_key(|entry| (entry.module, entry.site));
        let homes = slices.iter().map(|entry| (entry.module, entry.name)).collect();

        let mut messages: Vec<_> = inventory::iter::<MessageEntry>().collect();
        messages.sort_by_key(|entry| entry.meta.id());
        let mut functions: Vec<_> = inventory::iter::<FunctionEntry>().collect();
        functions.sort_by_key(|entry| (entry.module, entry.name, entry.site));
        let mut configs: Vec<_> = inventory::iter::<ConfigEntry>().collect();
        configs.sort_by_key(|entry| (entry.module, entry.site));

        for entry in &messages {
            (entry.slot)().assign();
        }
        let by_id = messages.iter().enumerate().map(|(at, entry)| (entry.meta.id(), at)).collect();
        let mut registry = Self { messages, functions, slices, configs, by_id, names: Vec::new(), homes };
        registry.names = registry.messages.iter().map(|entry| registry.make_name(entry.meta)).collect();
        registry
    }

    fn make_name(&self, meta: &MessageMeta) -> &'static str {
        match meta.name {
            Some(name) if name.contains('.') => name,
            name => {
                let last = name.unwrap_or(meta.type_name);
                // Made once a message type and process.
                format!("{}.{last}", self.slice_of(meta.module)).leak()
            }
        }
    }

    /// The slice a module belongs to: the nearest declared one, or its crate.
    pub(crate) fn slice_of<'m>(&self, module: &'m str) -> &'m str {
        let mut at = module;
        loop {
            if let Some(name) = self.homes.get(at) {
                return name;
            }
            match at.rfind("::") {
                Some(end) => at = &at[..end],
                None => return at,
            }
        }
    }

    /// Whether some linked module declares the slice, or a contract of it.
    pub(crate) fn declares(&self, slice: &str) -> bool {
        self.slices.iter().any(|entry| entry.name == slice)
    }

    pub(crate) fn entry(&self, meta: &MessageMeta) -> Option<&'static MessageEntry> {
        self.by_id.get(&meta.id()).map(|at| self.messages[*at])
    }

    pub(crate) fn wire_name(&self, meta: &MessageMeta) -> &'static str {
        match self.by_id.get(&meta.id()) {
            Some(at) => self.names[*at],
            // Never registered, so nobody else knows its name either.
            None => meta.name.unwrap_or(meta.type_name),
        }
    }

    /// Wire names of all linked commands and queries.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let requests = self.messages.iter().zip(&self.names);
        requests.filter(|(entry, _)| entry.meta.kind != MessageKind::Event).map(|(_, name)| *name)
    }

    /// The linked message with this wire name.
    pub(crate) fn named(&self, name: &str) -> Option<&'static MessageMeta> {
        self.names.iter().position(|known| *known == name).map(|at| self.messages[at].meta)
    }

    /// Whether some linked event has this wire name.
    pub(crate) fn knows_event(&self, name: &str) -> bool {
        let named = self.names.iter().position(|known| *known == name);
        named.is_some_and(|at| self.messages[at].meta.kind == MessageKind::Event)
    }

    pub(crate) fn wire(&self, meta: &MessageMeta) -> Option<&'static Wire> {
        self.entry(meta)?.wire.as_ref()
    }

    pub(crate) fn reply_wire(&self, meta: &MessageMeta) -> Option<&'static Wire> {
        self.entry(meta)?.reply_wire.as_ref()
    }
}
