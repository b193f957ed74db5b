//! How an untyped message enters the typed walk.
//!
//! An envelope, an HTTP body and a stored delivery know a message by name; the
//! functions here, one instance a message type, turn it into a value and hand
//! it to the same walk that `send` and `publish` take.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::{Inner, Row};
use crate::codec::{AnyMessage, read_json, write_json};
use crate::context::scope::Extra;
use crate::envelope::Head;
use crate::error::{Error, Result};
use crate::message::{Event, Request};
use crate::walk::call::BoxFuture;
use crate::walk::once::Told;

type EnterRequest = fn(&Arc<Inner>, AnyMessage, Option<Box<Extra>>) -> BoxFuture<'_, Result<AnyMessage>>;
type EnterEvent = fn(&Arc<Inner>, AnyMessage, Option<Box<Extra>>) -> BoxFuture<'_, Result<()>>;
type EnterOne =
    for<'a> fn(&'a Arc<Inner>, &'a Row, usize, AnyMessage, Option<Box<Extra>>) -> BoxFuture<'a, Result<()>>;

/// The way in of a request that comes and goes as JSON.
pub(crate) type EnterJson = fn(&Arc<Inner>, &[u8], Head) -> BoxFuture<'static, Result<Bytes>>;

/// The ways in of one message type.
#[derive(Clone, Copy)]
pub(crate) enum Enter {
    /// To the handler, for its reply.
    Request(EnterRequest),
    Event {
        /// To every listener here.
        all: EnterEvent,
        /// To the listener at one place in the row.
        one: EnterOne,
    },
}

impl Enter {
    pub(crate) const fn request<M: Request>() -> Self {
        Self::Request(request::<M>)
    }

    pub(crate) const fn event<E: Event>() -> Self {
        Self::Event { all: event::<E>, one: one::<E> }
    }
}

/// The whole way of a request in one future: no value on it loses its type.
pub(crate) fn json<M>(app: &Arc<Inner>, body: &[u8], mut head: Head) -> BoxFuture<'static, Result<Bytes>>
where
    M: Request + DeserializeOwned,
    M::Reply: Serialize,
{
    let message = match read_json::<M>(body, Some(M::META)) {
        Ok(message) => message,
        Err(error) => return Box::pin(std::future::ready(Err(error))),
    };
    let (app, entered) = (Arc::clone(app), app.in_flight.enter());
    head.told = head.idempotency_key.is_some().then(Told::default);
    let told = head.told.clone();
    Box::pin(async move {
        let _entered = entered;
        let reply = crate::walk::send::run(&app, message, Some(Extra::of(head))).await?;
        match told.and_then(|told| told.get().cloned()) {
            Some(bytes) => Ok(bytes),
            None => write_json(&reply),
        }
    })
}

fn request<M: Request>(
    app: &Arc<Inner>,
    message: AnyMessage,
    extra: Option<Box<Extra>>,
) -> BoxFuture<'_, Result<AnyMessage>> {
    Box::pin(async move {
        let message = *message.downcast::<M>().map_err(|_| wrong_type())?;
        let reply = crate::walk::send::run(app, message, extra).await?;
        Ok(Box::new(reply) as AnyMessage)
    })
}

fn event<E: Event>(
    app: &Arc<Inner>,
    message: AnyMessage,
    extra: Option<Box<Extra>>,
) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let event = message.downcast::<E>().map_err(|_| wrong_type())?;
        crate::walk::publish::to_listeners(app, &*event, extra).await
    })
}

fn one<'a, E: Event>(
    app: &'a Arc<Inner>,
    row: &'a Row,
    at: usize,
    message: AnyMessage,
    extra: Option<Box<Extra>>,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let event = message.downcast::<E>().map_err(|_| wrong_type())?;
        let head = extra.map(|extra| extra.head);
        crate::walk::publish::to_listener(app, row, at, &*event, head.as_ref()).await
    })
}

#[cold]
fn wrong_type() -> Error {
    Error::internal("a message is not of its entry's type")
}
