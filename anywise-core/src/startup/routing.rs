//! Where each message goes: to a function here, to another process, out
//! through a transport, or nowhere.
//!
//! Made from the model and the names of what is configured; nothing is
//! connected to.

use std::fmt;
use std::sync::Arc;

use crate::catalog::MessageKind;
use crate::error::nearest::hint;
use crate::message::MessageMeta;
use crate::ports::transport::{Remote, Sink};
use crate::registry::{MessageEntry, registry};
use crate::startup::beside::Beside;
use crate::startup::model::{Known, Model};

/// Where each message of an application goes.
///
/// Its `Display` form is a table for the terminal, a line a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Routing {
    /// The application's name.
    pub application: String,
    /// The slices that run in this process.
    pub slices: Vec<String>,
    /// A route a message, by wire name.
    pub routes: Vec<Route>,
}

/// Where one message goes.
///
/// Its `Display` form explains it in a few lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// Wire name of the message.
    pub message: String,
    /// Command, query or event.
    pub kind: MessageKind,
    /// The slice it belongs to.
    pub slice: String,
    /// Everywhere it goes; nothing if it has nowhere to go.
    pub destinations: Vec<Destination>,
}

/// One place a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// A function in this process, through its guards, in their order.
    Function {
        /// Stable id.
        id: String,
        /// Stable ids of the guards in front of it.
        guards: Vec<String>,
    },
    /// A function of another process on the same store.
    Beside {
        /// Stable id.
        id: String,
    },
    /// A handler in another process.
    Remote {
        /// How it is reached, in the remote's words.
        route: String,
    },
    /// Out of the process, to whoever listens.
    Sink {
        /// Name of the sink.
        name: String,
    },
}

/// What is known beside the model.
pub(crate) struct Ways<'w> {
    pub(crate) remote: Option<&'w Arc<dyn Remote>>,
    pub(crate) sinks: &'w [Arc<dyn Sink>],
    pub(crate) beside: &'w Beside,
}

impl Routing {
    pub(crate) fn of(model: &Model, ways: &Ways<'_>) -> Self {
        let mut routes: Vec<_> =
            registry().messages.iter().filter_map(|entry| route(model, ways, entry)).collect();
        routes.sort_by(|a, b| a.message.cmp(&b.message));
        let mut slices: Vec<_> = model.slices().map(|slice| slice.name.to_owned()).collect();
        slices.sort_unstable();
        slices.dedup();
        Self { application: model.application.clone(), slices, routes }
    }

    /// The route of the message with this wire name, or why there is none.
    ///
    /// # Errors
    /// That no message linked here has the name, with the nearest one that is
    /// there.
    pub fn explain(&self, message: &str) -> Result<&Route, String> {
        let found = self.routes.iter().find(|route| route.message == message);
        found.ok_or_else(|| {
            let names = self.routes.iter().map(|route| route.message.as_str());
            format!("there is no message `{message}`{}", hint(message, names))
        })
    }
}

/// The route of a message that this application has to do with.
fn route(model: &Model, ways: &Ways<'_>, entry: &MessageEntry) -> Option<Route> {
    let meta = entry.meta;
    let slice = registry().slice_of(meta.module);
    let mut destinations: Vec<_> = here(model, meta).collect();
    let (name, local) = (meta.wire_name(), entry.wire.is_none());
    match meta.kind {
        MessageKind::Event => {
            let beside = ways.beside.listeners(name).iter();
            destinations.extend(beside.map(|id| Destination::Beside { id: (*id).to_owned() }));
            if !local {
                let sinks = ways.sinks.iter().map(|sink| Destination::Sink { name: sink.name().to_owned() });
                destinations.extend(sinks);
            }
        }
        MessageKind::Command | MessageKind::Query if destinations.is_empty() => {
            let remote = ways.remote.filter(|remote| !local && remote.reaches(name));
            destinations.extend(remote.map(|remote| Destination::Remote { route: remote.route(name) }));
            if destinations.is_empty() {
                let handler = ways.beside.handler(meta);
                destinations.extend(handler.map(|id| Destination::Beside { id: id.to_owned() }));
            }
        }
        MessageKind::Command | MessageKind::Query => {}
    }
    // A module of no declared slice is nobody's business but its own.
    let ours = !destinations.is_empty() || model.is_local(slice) || registry().declares(slice);
    ours.then(|| Route { message: name.to_owned(), kind: meta.kind, slice: slice.to_owned(), destinations })
}

fn here<'m>(model: &'m Model, meta: &'static MessageMeta) -> impl Iterator<Item = Destination> + 'm {
    let receives = move |known: &&Known| known.signature.receives.iter().any(|one| one.id() == meta.id());
    let functions = model.receivers().map(|(_, known)| known).filter(receives);
    functions.map(move |known| {
        let guards = model.chain(known, meta).into_iter();
        Destination::Function {
            id: known.entry.id().to_owned(),
            guards: guards.map(|at| model.functions[at].entry.id().to_owned()).collect(),
        }
    })
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function { id, .. } => write!(f, "{id}"),
            Self::Beside { id } => write!(f, "{id} in another process on this store"),
            Self::Remote { route } => write!(f, "away: {route}"),
            Self::Sink { name } => write!(f, "out: {name}"),
        }
    }
}

impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.routes.iter().map(|route| route.message.len()).max().unwrap_or_default();
        writeln!(f, "{} runs here: {}", self.application, list(self.slices.iter().map(String::as_str)))?;
        for Route { message, destinations, kind, .. } in &self.routes {
            let to: Vec<_> = destinations.iter().map(ToString::to_string).collect();
            let to = match (destinations.is_empty(), kind) {
                (true, MessageKind::Event) => "nobody hears it".to_owned(),
                (true, _) => "nowhere".to_owned(),
                _ => to.join("; "),
            };
            writeln!(f, "  {message:width$}  {to}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, kind, slice, destinations } = self;
        writeln!(f, "{message}, {} of the slice `{slice}`", kind.name())?;
        if destinations.is_empty() && *kind == MessageKind::Event {
            writeln!(f, "  nobody here hears it, and it does not leave the process")?;
        } else if destinations.is_empty() {
            writeln!(f, "  has nowhere to go: run the slice here, or say where it runs")?;
        }
        for destination in destinations {
            writeln!(f, "  {destination}")?;
            if let Destination::Function { guards, .. } = destination
                && !guards.is_empty()
            {
                writeln!(f, "    behind {}", list(guards.iter().map(String::as_str)))?;
            }
        }
        Ok(())
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "no slice".to_owned() } else { names.join(", ") }
}
