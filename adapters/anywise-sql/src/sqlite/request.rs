//! What the writer is asked for.

use anywise_core::{Acceptance, Batch, Claims, DeadLetterId, Delivery, Result, Settlement, Timestamp, Want};
use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::Refusal;
use crate::row::Stored;
use crate::sqlite::inbox::Noted;
use crate::sqlite::slot::Slot;

/// Where the answer goes; nobody may wait for it any more.
pub(super) type Reply<T> = oneshot::Sender<Result<T>>;

/// One request.
pub(super) enum Request {
    /// Served together with its neighbours, by a few statements for all.
    Plain(Plain),
    /// Retry, stop, dead letter or park.
    Settle(Settlement, Reply<bool>),
    Accept(Vec<Noted>, Reply<Vec<Acceptance>>),
    Claim {
        wants: Vec<Want>,
        alone: bool,
        reply: Reply<Claims>,
    },
    Fire {
        name: String,
        due: Timestamp,
        delivery: Box<Delivery>,
        reply: Reply<bool>,
    },
    Cancel(Uuid, Reply<bool>),
    Replay(DeadLetterId, Option<Bytes>, Reply<bool>),
    Discard(DeadLetterId, Reply<bool>),
    Sweep(Sweep, Reply<u64>),
    /// A handler's transaction.
    Slot(Slot),
    Migrate(Vec<&'static str>, Reply<()>),
    Close(Reply<()>),
}

/// A batch, ready to be written: the writer is one, its callers are many.
pub(super) struct Ready {
    /// All of it but what is appended.
    pub(super) batch: Batch,
    pub(super) rows: Vec<Stored>,
}

impl From<Batch> for Ready {
    fn from(mut batch: Batch) -> Self {
        let rows = std::mem::take(&mut batch.append).into_iter().map(Stored::from).collect();
        Self { batch, rows }
    }
}

/// A batch without statements of its own, or the end of a delivery.
pub(super) struct Plain {
    pub(super) ready: Ready,
    pub(super) reply: PlainReply,
}

pub(super) enum PlainReply {
    Commit(Reply<()>),
    Settle(Reply<bool>),
}

/// What a sweep removes, at most `batch` rows of each kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    /// Memories from before, in milliseconds.
    pub(super) replies_before: i64,
    pub(super) surplus_replies: i64,
    pub(super) letters_before: i64,
    pub(super) surplus_letters: i64,
    pub(super) inbox_before: i64,
    pub(super) surplus_inbox: i64,
    pub(super) batch: i64,
}

impl Request {
    /// Answers that it was not done.
    pub(super) fn refuse(self, why: &Refusal) {
        match self {
            Self::Plain(plain) => plain.reply.refuse(why),
            Self::Accept(_, reply) => refuse(reply, why),
            Self::Claim { reply, .. } => refuse(reply, why),
            Self::Sweep(_, reply) => refuse(reply, why),
            Self::Settle(_, reply)
            | Self::Fire { reply, .. }
            | Self::Cancel(_, reply)
            | Self::Replay(_, _, reply)
            | Self::Discard(_, reply) => refuse(reply, why),
            Self::Slot(slot) => slot.refuse(why),
            Self::Migrate(_, reply) | Self::Close(reply) => refuse(reply, why),
        }
    }
}

impl PlainReply {
    pub(super) fn refuse(self, why: &Refusal) {
        match self {
            Self::Commit(reply) => refuse(reply, why),
            Self::Settle(reply) => refuse(reply, why),
        }
    }
}

fn refuse<T>(reply: Reply<T>, why: &Refusal) {
    drop(reply.send(Err(why.clone().into_error())));
}
