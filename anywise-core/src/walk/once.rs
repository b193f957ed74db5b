//! A command that comes twice under one idempotency key is carried out once.
//!
//! Its guards run each time: a reply is not given to somebody who may not ask.
//! Then the memory of the key is looked up; if there is none, the handler runs
//! and its reply is remembered in the commit of its work.

use std::any::Any;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use crate::app::{Inner, Row};
use crate::context::scope::{Luggage, Place, Scope};
use crate::error::{Error, Kind, Result};
use crate::message::{MessageKind, Request};
use crate::ports::store::remember::{Memory, Remembered};
use crate::ports::store::{Batch, Store};
use crate::registry::{MessageEntry, registry};
use crate::walk::call::{BoxFuture, caught};
use crate::walk::handle::{Handle, HandlerOf, no_handler};
use crate::walk::plan::pass;

/// The bytes of a remembered reply: read and written again they might not be
/// the same.
pub(crate) type Told = Arc<OnceLock<Bytes>>;

/// A request's place in the memory, until its reply is put there.
pub(crate) struct Remember {
    entry: &'static MessageEntry,
    memory: Memory,
    fingerprint: Uuid,
    taken: AtomicBool,
}

impl Remember {
    /// What is to be remembered of `reply`, for the first commit that asks.
    pub(crate) fn take(&self, reply: &(dyn Any + Send + Sync)) -> Result<Option<Remembered>> {
        if self.taken.swap(true, Ordering::SeqCst) {
            return Ok(None);
        }
        let reply = self.entry.close(&crate::codec::Json, reply)?;
        Ok(Some(Remembered::new(self.memory.clone(), self.fingerprint, crate::codec::JSON, reply)))
    }
}

/// What stands in for the handler of `M` when its request has an idempotency
/// key; nothing if the key means nothing here.
pub(crate) fn once<M: Request>(app: &Inner, scope: &mut Scope<'_>) -> Option<Once<M>> {
    scope.existing()?.head.idempotency_key.as_ref()?;
    let key = scope.head().idempotency_key.take()?;
    if M::META.kind != MessageKind::Command || app.store.is_none() {
        return None;
    }
    let entry = registry().entry(M::META).filter(|entry| entry.reply_wire.is_some())?;
    let told = scope.head().told.take();
    Some(Once { entry, key, told, message: PhantomData })
}

/// A handler of `M` that asks the store before it asks the real one.
pub(crate) struct Once<M> {
    entry: &'static MessageEntry,
    key: String,
    told: Option<Told>,
    message: PhantomData<fn() -> M>,
}

impl<M: Request> Handle for Once<M> {
    type Input = M;
    type Reply = M::Reply;

    fn handle<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: M,
    ) -> BoxFuture<'a, Result<M::Reply>> {
        let mut scope = Scope::new(place, luggage);
        Box::pin(async move {
            if scope.is_guarded() {
                pass(&mut scope, &message).await?;
                scope.extra().passed = true;
            }
            let app = scope.app();
            let Some(store) = app.store.as_deref() else { return self.run(scope, message).await };
            let remember = Arc::new(self.remember(&mut scope, &message)?);
            let _alone = app.memories.alone(&remember.memory).await;
            if let Some(reply) = self.recall(store, &remember).await? {
                return Ok(reply);
            }
            scope.extra().remember = Some(Arc::clone(&remember));
            let reply = match self.run(scope, message).await {
                Ok(reply) => reply,
                // Another process was faster; its reply is the reply.
                Err(error) if error.code() == TAKEN => {
                    return self.recall(store, &remember).await?.ok_or(error);
                }
                Err(error) => return Err(error),
            };
            self.keep(store, &remember, reply).await
        })
    }
}

/// The code of a commit whose memory was taken by another.
const TAKEN: &str = "AW1042";

impl<M: Request> Once<M> {
    async fn run(&self, mut scope: Scope<'_>, message: M) -> Result<M::Reply> {
        match scope.app().row(M::slot()).and_then(Row::handler::<M>) {
            Some(HandlerOf::Waits(handler)) => {
                let (place, luggage) = scope.apart();
                handler.handle(place, luggage, message).await
            }
            Some(HandlerOf::Now(handler)) => caught(|| handler.handle(&mut scope, message), Err),
            None => Err(no_handler(M::META)),
        }
    }

    fn remember(&self, scope: &mut Scope<'_>, message: &M) -> Result<Remember> {
        let wire = self.entry.wire.as_ref().ok_or_else(|| Error::internal("a local command has no key"))?;
        let body = wire.write(&crate::codec::Json, message)?;
        let head = scope.head();
        let principal = head.principal.as_ref().map(|known| known.id().to_owned());
        let memory = Memory::new(M::META.wire_name(), principal.as_deref(), &self.key);
        let fingerprint = Uuid::new_v5(&Uuid::nil(), &body);
        Ok(Remember { entry: self.entry, memory, fingerprint, taken: AtomicBool::new(false) })
    }

    async fn recall(&self, store: &dyn Store, remember: &Remember) -> Result<Option<M::Reply>> {
        let Some(known) = store.recall(&remember.memory).await? else { return Ok(None) };
        if known.fingerprint != remember.fingerprint {
            return Err(mismatch());
        }
        let reply = crate::codec::open_reply::<M>(&crate::codec::Json, &known.reply)?;
        if let Some(told) = &self.told {
            told.get_or_init(|| known.reply);
        }
        Ok(Some(reply))
    }

    /// Remembers the reply of a handler that commits nothing itself.
    async fn keep(&self, store: &dyn Store, remember: &Remember, reply: M::Reply) -> Result<M::Reply> {
        let Some(known) = remember.take(&reply)? else { return Ok(reply) };
        match store.commit(Batch { remember: Some(known), ..Batch::default() }).await {
            Ok(()) => Ok(reply),
            Err(error) if error.code() == TAKEN => self.recall(store, remember).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }
}

/// An event that comes twice under one idempotency key is published once.
///
/// # Errors
/// That another event came under the key before.
pub(crate) async fn published(store: &dyn Store, batch: Batch) -> Result<()> {
    let wanted = batch.remember.clone();
    match (store.commit(batch).await, wanted) {
        (Err(error), Some(wanted)) if error.code() == TAKEN => match store.recall(&wanted.memory).await? {
            Some(known) if known.fingerprint == wanted.fingerprint => Ok(()),
            Some(_) => Err(mismatch()),
            None => Err(error),
        },
        (result, _) => result,
    }
}

fn mismatch() -> Error {
    Error::new(
        Kind::Unprocessable,
        "idempotency.mismatch",
        "this Idempotency-Key was used before, with another request",
    )
}

/// One request a memory at a time, in this process.
#[derive(Default)]
pub(crate) struct Memories(Mutex<HashMap<Memory, Arc<tokio::sync::Mutex<()>>>>);

impl Memories {
    async fn alone(&self, memory: &Memory) -> Alone<'_> {
        let lock = Arc::clone(self.locks().entry(memory.clone()).or_default());
        Alone { memories: self, memory: memory.clone(), guard: Some(lock.lock_owned().await) }
    }

    fn locks(&self) -> std::sync::MutexGuard<'_, HashMap<Memory, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Alone<'m> {
    memories: &'m Memories,
    memory: Memory,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut locks = self.memories.locks();
        // Nobody else waits for it: only the table holds it.
        if locks.get(&self.memory).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.memory);
        }
    }
}
