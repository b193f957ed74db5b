//! What is reached in other processes.

use std::sync::Arc;

use bytes::Bytes;

use crate::catalog::MessageKind;
use crate::envelope::Envelope;
use crate::error::Result;
use crate::message::MessageMeta;
use crate::ports::transport::Remote;
use crate::registry::registry;
use crate::walk::call::BoxFuture;

/// Two remotes as one: the first that reaches a message takes it.
pub(super) struct Remotes(pub(super) Arc<dyn Remote>, pub(super) Arc<dyn Remote>);

impl Remotes {
    fn of(&self, message: &str) -> &dyn Remote {
        if self.0.reaches(message) { &*self.0 } else { &*self.1 }
    }
}

impl Remote for Remotes {
    fn name(&self) -> &'static str {
        "several"
    }

    fn reaches(&self, message: &str) -> bool {
        self.of(message).reaches(message)
    }

    fn route(&self, message: &str) -> String {
        self.of(message).route(message)
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<Bytes>> {
        self.of(&request.name).call(request)
    }
}

/// The requests of declared slices that a remote takes.
pub(super) fn reached(remote: Option<&dyn Remote>) -> Vec<&'static MessageMeta> {
    let Some(remote) = remote else { return Vec::new() };
    let entries = registry().messages.iter().filter(|entry| {
        let meta = entry.meta;
        meta.kind != MessageKind::Event
            && entry.wire.is_some()
            && registry().declares(registry().slice_of(meta.module))
            && remote.reaches(meta.wire_name())
    });
    entries.map(|entry| entry.meta).collect()
}
