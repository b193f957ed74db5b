//! What an application is made of, before anything is bound: the selected
//! functions with their signatures, and the guards in front of each.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::catalog::{FunctionKind, MessageKind};
use crate::message::{MessageId, MessageMeta, TypeInfo};
use crate::ports::transport::{Subscription, Topology};
use crate::registry::config::ConfigEntry;
use crate::registry::function::{FunctionEntry, Signature, describe};
use crate::registry::{MessageEntry, Slice, SliceEntry, registry};
use crate::startup::dependency::Dependencies;

/// The parts of one application.
pub(crate) struct Model {
    pub(crate) application: String,
    /// Names of the selected slices; `None` selects every declared one.
    pub(crate) selected: Option<HashSet<&'static str>>,
    pub(crate) functions: Vec<Known>,
    /// Guards by place in `functions`, in the order they run.
    pub(crate) guards: Vec<usize>,
    pub(crate) configs: Vec<&'static ConfigEntry>,
    /// Values from the builder.
    pub(crate) given: Vec<TypeInfo>,
    pub(crate) durable: bool,
    pub(crate) store: Option<String>,
    /// Requests that a remote takes to another process.
    pub(crate) away: Vec<&'static MessageMeta>,
    /// The resources whose transactions commit with the store's.
    pub(crate) transactions: &'static [&'static str],
}

/// A selected function and its signature.
pub(crate) struct Known {
    pub(crate) entry: &'static FunctionEntry,
    pub(crate) slice: &'static str,
    pub(crate) signature: Signature,
}

impl Model {
    pub(crate) fn select(
        application: String,
        slices: Option<&[Slice]>,
        more: &[&'static FunctionEntry],
    ) -> Self {
        let registry = registry();
        let selected = slices.map(|slices| slices.iter().map(|slice| slice.name).collect::<HashSet<_>>());
        let chosen = |slice: &str| is_selected(selected.as_ref(), slice);
        let mut functions = Vec::new();
        for entry in &registry.functions {
            let slice = registry.slice_of(entry.module);
            if chosen(slice) {
                functions.push(Known { entry, slice, signature: describe(entry) });
            }
        }
        for entry in more {
            let slice = registry.slice_of(entry.module);
            functions.push(Known { entry, slice, signature: describe(entry) });
        }
        let configs = registry
            .configs
            .iter()
            .copied()
            .filter(|entry| chosen(registry.slice_of(entry.module)))
            .collect();
        let mut guards: Vec<usize> =
            (0..functions.len()).filter(|at| functions[*at].entry.kind == FunctionKind::Guard).collect();
        guards.sort_by_key(|at| {
            let guard = functions[*at].entry;
            (guard.target.map_or(4, |target| target.rank()), guard.order, guard.module, guard.name)
        });
        Self {
            application,
            selected,
            functions,
            guards,
            configs,
            given: Vec::new(),
            durable: false,
            store: None,
            away: Vec::new(),
            transactions: &[],
        }
    }

    /// Whether the slice runs here.
    pub(crate) fn is_local(&self, slice: &str) -> bool {
        is_selected(self.selected.as_ref(), slice)
    }

    /// Handlers and listeners.
    pub(crate) fn receivers(&self) -> impl Iterator<Item = (usize, &Known)> {
        self.functions
            .iter()
            .enumerate()
            .filter(|(_, known)| matches!(known.entry.kind, FunctionKind::Handler | FunctionKind::Listener))
    }

    /// The linked handlers and listeners that this application leaves out.
    pub(crate) fn elsewhere(&self) -> Vec<Known> {
        let receives =
            |entry: &FunctionEntry| matches!(entry.kind, FunctionKind::Handler | FunctionKind::Listener);
        let registry = registry();
        let left_out = registry.functions.iter().filter_map(|entry| {
            let slice = registry.slice_of(entry.module);
            (receives(entry) && !self.is_local(slice)).then(|| Known {
                entry,
                slice,
                signature: describe(entry),
            })
        });
        left_out.collect()
    }

    /// The guards in front of `function` when it receives `message`, in order.
    pub(crate) fn chain(&self, function: &Known, message: &MessageMeta) -> Vec<usize> {
        let covers = |at: &usize| self.functions[*at].covers(function, message);
        self.guards.iter().copied().filter(covers).collect()
    }

    /// The handler of each message; more than one is a fault.
    pub(crate) fn handlers(&self) -> HashMap<MessageId, Vec<usize>> {
        let mut handlers: HashMap<MessageId, Vec<usize>> = HashMap::new();
        for (at, known) in self.receivers() {
            if known.entry.kind == FunctionKind::Handler {
                for message in known.signature.receives {
                    handlers.entry(message.id()).or_default().push(at);
                }
            }
        }
        handlers
    }

    /// The messages this application knows of: those of its slices, and those
    /// its functions receive, emit, send or guard.
    pub(crate) fn messages(&self) -> Vec<&'static MessageEntry> {
        let registry = registry();
        let mut touched: HashSet<MessageId> = HashSet::new();
        for known in &self.functions {
            let signature = &known.signature;
            let metas = signature.receives.iter().chain(&signature.work.emits).chain(signature.sends());
            touched.extend(metas.map(|meta| meta.id()));
        }
        touched.extend(self.away.iter().map(|meta| meta.id()));
        let known = |entry: &&&MessageEntry| {
            touched.contains(&entry.meta.id()) || self.is_local(registry.slice_of(entry.meta.module))
        };
        registry.messages.iter().filter(known).copied().collect()
    }

    /// What this application has to do with a transport.
    pub(crate) fn topology(&self) -> Topology {
        let mut topology = Topology::of(&self.application);
        let events = self.messages().into_iter().filter(|entry| entry.meta.kind == MessageKind::Event);
        topology.events =
            events.filter(|entry| entry.wire.is_some()).flat_map(|entry| names(entry.meta)).collect();
        let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (_, known) in self.receivers() {
            for meta in known.signature.receives.iter().filter(|meta| !meta.is_local()) {
                match meta.kind {
                    MessageKind::Event if known.entry.schedule.is_none() => {
                        groups.entry(known.slice).or_default().extend(names(meta));
                    }
                    MessageKind::Event => {}
                    MessageKind::Command | MessageKind::Query => topology.requests.extend(names(meta)),
                }
            }
        }
        topology.events.sort_unstable();
        topology.requests.sort_unstable();
        topology.subscriptions =
            groups.into_iter().map(|(group, events)| Subscription::new(group, events)).collect();
        topology
    }

    /// The names of the declared slices that this application selected.
    pub(crate) fn slice_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.slices().map(|slice| slice.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The declared slices that this application selected.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &'static SliceEntry> + '_ {
        registry().slices.iter().copied().filter(|slice| self.is_local(slice.name))
    }
}

/// The names a message comes under.
fn names(meta: &'static MessageMeta) -> impl Iterator<Item = String> {
    let own = std::iter::once(meta.wire_name());
    own.chain(meta.aliases.iter().copied()).map(str::to_owned)
}

/// Declared slices run where they are named. What belongs to no declared slice,
/// such as a guard beside `main`, always runs: leaving it out silently would be
/// a hole.
fn is_selected(selected: Option<&HashSet<&'static str>>, slice: &str) -> bool {
    selected.is_none_or(|names| names.contains(slice) || !registry().declares(slice))
}

impl Known {
    /// Whether this guard stands in front of `function` for `message`.
    pub(crate) fn covers(&self, function: &Self, message: &MessageMeta) -> bool {
        match &self.entry.target {
            Some(target) => target.covers(self.slice, function.slice, message),
            None => self.signature.receives.iter().any(|one| one.id() == message.id()),
        }
    }

    pub(crate) fn is_handler(&self) -> bool {
        self.entry.kind == FunctionKind::Handler
    }
}

impl Dependencies {
    pub(crate) fn lacks(&self, info: &TypeInfo) -> bool {
        !self.has(info.id)
    }
}
