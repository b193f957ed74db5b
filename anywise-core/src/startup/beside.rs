//! Functions that run in other processes on the same store.
//!
//! A store that several processes share, and no broker beside it, carries what
//! is recorded from one to the other: whoever has the function takes its
//! deliveries. With a broker it is the broker that does, and each process may
//! have a store of its own.

use std::collections::HashMap;

use crate::catalog::MessageKind;
use crate::message::MessageMeta;
use crate::startup::model::Model;

/// The functions of slices that other processes run on the same store, by the
/// wire names of what they receive.
#[derive(Default)]
pub(crate) struct Beside {
    listeners: HashMap<&'static str, Vec<&'static str>>,
    handlers: HashMap<&'static str, &'static str>,
}

impl Beside {
    pub(crate) fn of(model: &Model) -> Self {
        let mut beside = Self::default();
        for known in model.elsewhere().iter().filter(|known| known.entry.schedule.is_none()) {
            let id = known.entry.id();
            for meta in known.signature.receives {
                match meta.kind {
                    MessageKind::Event => {
                        beside.listeners.entry(meta.wire_name()).or_default().push(id);
                    }
                    MessageKind::Command => {
                        beside.handlers.insert(meta.wire_name(), id);
                    }
                    MessageKind::Query => {}
                }
            }
        }
        beside
    }

    /// The listeners of an event.
    pub(crate) fn listeners(&self, event: &str) -> &[&'static str] {
        self.listeners.get(event).map_or(&[], Vec::as_slice)
    }

    /// The handler of a command that is left to the store.
    pub(crate) fn handler(&self, meta: &MessageMeta) -> Option<&'static str> {
        self.handlers.get(meta.wire_name()).copied()
    }
}
