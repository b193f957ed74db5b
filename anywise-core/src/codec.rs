//! Bodies: a message to bytes and back.
//!
//! A [`Codec`] is a port. The JSON codec is always there, and typed code reaches
//! it directly; other codecs go through one dynamic call.

pub mod json;
pub(crate) mod text;

use std::any::Any;

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::envelope::{Envelope, Head};
use crate::error::{Error, FieldFault, Kind, Result};
use crate::message::{Message, MessageMeta, Request};
use json::{JsonFault, JsonLimits};

/// Media type of JSON bodies.
pub const JSON: &str = "application/json";

/// Reads a value out of a deserializer of any format.
pub type Read<'r> = dyn FnMut(&mut dyn erased_serde::Deserializer<'_>) -> erased_serde::Result<()> + 'r;

/// A format of bodies.
pub trait Codec: Send + Sync + 'static {
    /// The media type that names it in an envelope.
    fn content_type(&self) -> &'static str;

    /// Writes a value.
    ///
    /// # Errors
    /// That the value has no form in this format.
    fn encode(&self, value: &dyn erased_serde::Serialize) -> Result<Vec<u8>>;

    /// Reads a value: calls `read` with a deserializer over `body`.
    ///
    /// # Errors
    /// That the body is malformed.
    fn decode(&self, body: &[u8], read: &mut Read<'_>) -> Result<()>;
}

/// JSON (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Codec for Json {
    fn content_type(&self) -> &'static str {
        JSON
    }

    fn encode(&self, value: &dyn erased_serde::Serialize) -> Result<Vec<u8>> {
        serde_json::to_vec(value).map_err(|error| unencodable(&error))
    }

    fn decode(&self, body: &[u8], read: &mut Read<'_>) -> Result<()> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut deserializer))
            .map_err(|error| undecodable(&error))
    }
}

/// MessagePack, with field names.
#[cfg(feature = "msgpack")]
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

#[cfg(feature = "msgpack")]
impl Codec for MessagePack {
    fn content_type(&self) -> &'static str {
        "application/msgpack"
    }

    fn encode(&self, value: &dyn erased_serde::Serialize) -> Result<Vec<u8>> {
        rmp_serde::to_vec_named(value).map_err(|error| unencodable(&error))
    }

    fn decode(&self, body: &[u8], read: &mut Read<'_>) -> Result<()> {
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(body);
        deserializer.set_max_depth(64);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut deserializer))
            .map_err(|error| undecodable(&error))
    }
}

fn unencodable(error: &dyn std::fmt::Display) -> Error {
    Error::internal(format!("a body could not be written: {error}"))
}

fn undecodable(error: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Unprocessable, "AW2002", format!("the body could not be read: {error}"))
}

/// The codecs of one application; the first writes.
#[derive(Clone)]
pub(crate) struct Codecs(pub(crate) Vec<std::sync::Arc<dyn Codec>>);

impl Codecs {
    pub(crate) fn first(&self) -> &dyn Codec {
        self.0.first().map_or(&Json, |codec| codec.as_ref())
    }

    pub(crate) fn named(&self, content_type: &str) -> Result<&dyn Codec> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if let Some(codec) = self.0.iter().find(|codec| codec.content_type() == essence) {
            return Ok(codec.as_ref());
        }
        if is_json(essence) {
            return Ok(&Json);
        }
        let known: Vec<_> = self.0.iter().map(|codec| codec.content_type()).chain([JSON]).collect();
        Err(Error::new(
            Kind::Invalid,
            "AW1020",
            format!("bodies of type `{essence}` cannot be read here; accepted: {}", known.join(", ")),
        )
        .with_status(415))
    }
}

fn is_json(essence: &str) -> bool {
    essence == JSON || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A message made from bytes, its type known to its entry alone.
pub(crate) type AnyMessage = Box<dyn Any + Send + Sync>;

/// A message as JSON.
pub(crate) type View = fn(&dyn Any) -> Result<serde_json::Value>;

/// How one message type becomes bytes and comes back; made by the attribute.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) decode_json: fn(&[u8], Option<&MessageMeta>) -> Result<AnyMessage>,
    pub(crate) encode_json: fn(&dyn Any) -> Option<serde_json::Result<Vec<u8>>>,
    pub(crate) decode: fn(&mut dyn erased_serde::Deserializer<'_>) -> erased_serde::Result<AnyMessage>,
    pub(crate) serialize: for<'a> fn(&'a dyn Any) -> Option<&'a dyn erased_serde::Serialize>,
    pub(crate) view: View,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Wire {
    pub(crate) const fn of<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static>() -> Self {
        Self {
            decode_json: decode_json::<T>,
            encode_json: |value| value.downcast_ref::<T>().map(serde_json::to_vec),
            decode: |deserializer| Ok(Box::new(erased_serde::deserialize::<T>(deserializer)?)),
            serialize: |value| value.downcast_ref::<T>().map(|value| value as _),
            view: |value| match value.downcast_ref::<T>() {
                Some(value) => serde_json::to_value(value).map_err(|error| unencodable(&error)),
                None => Err(Error::internal("a message is not of its entry's type")),
            },
            schema: T::json_schema,
        }
    }

    /// Reads a body written by `codec`: of the message `meta`, or of a reply.
    pub(crate) fn read(
        &self,
        codec: &dyn Codec,
        body: &[u8],
        meta: Option<&MessageMeta>,
    ) -> Result<AnyMessage> {
        if codec.content_type() == JSON {
            return (self.decode_json)(body, meta);
        }
        let mut message = None;
        codec.decode(body, &mut |deserializer| {
            message = Some((self.decode)(deserializer)?);
            Ok(())
        })?;
        message.ok_or_else(|| Error::internal("a codec returned without reading"))
    }

    /// Writes a value of this type.
    pub(crate) fn write(&self, codec: &dyn Codec, value: &dyn Any) -> Result<Bytes> {
        let written = if codec.content_type() == JSON {
            (self.encode_json)(value).map(|written| written.map_err(|error| unencodable(&error)))
        } else {
            (self.serialize)(value).map(|value| codec.encode(value))
        };
        match written {
            Some(written) => written.map(Bytes::from),
            None => Err(Error::internal("a message is not of its entry's type")),
        }
    }
}

fn decode_json<T: DeserializeOwned + Send + Sync + 'static>(
    body: &[u8],
    meta: Option<&MessageMeta>,
) -> Result<AnyMessage> {
    read_json::<T>(body, meta).map(|message| Box::new(message) as AnyMessage)
}

/// Reads a message or, without `meta`, a reply.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8], meta: Option<&MessageMeta>) -> Result<T> {
    let unit = meta.is_some_and(|meta| meta.unit);
    // A unit struct is `null` to serde, and nothing or `{}` to everybody else.
    let body = if unit && matches!(body.trim_ascii(), b"" | b"{}") { b"null" } else { body };
    // A tuple struct is an array; that a struct is none is seen while reading.
    let limits = JsonLimits { object: false, ..JsonLimits::default() };
    json::decode_json(body, &limits)
        .map_err(|fault| refused(fault, meta.map_or("reply", |meta| meta.type_name)))
}

/// Writes a reply.
pub(crate) fn write_json<T: Serialize>(value: &T) -> Result<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| unencodable(&error))
}

fn refused(fault: JsonFault, what: &str) -> Error {
    let kind = if fault.status == 400 { Kind::Invalid } else { Kind::Unprocessable };
    let message = format!("`{what}`: {}", fault.detail);
    let error = Error::new(kind, fault.code, message).with_status(fault.status);
    match fault.pointer {
        Some(pointer) => {
            error.with_field(FieldFault::new(pointer, fault.detail).expected(fault.expected, fault.found))
        }
        None => error,
    }
}

/// Puts a message into an envelope.
pub(crate) fn seal<M: Message>(message: &M, codec: &dyn Codec, head: &mut Head) -> Result<Envelope> {
    seal_any(M::META, message, &|| message.key(), codec, head)
}

/// The same of a message whose type is not known here.
pub(crate) fn seal_any(
    meta: &'static MessageMeta,
    message: &dyn Any,
    key: &dyn Fn() -> Option<String>,
    codec: &dyn Codec,
    head: &mut Head,
) -> Result<Envelope> {
    let registry = crate::registry::registry();
    let wire = registry.wire(meta).ok_or_else(|| local(meta))?;
    let body = wire.write(codec, message)?;
    head.id();
    let mut envelope = Envelope::with_head(meta.wire_name(), codec.content_type(), body, head.clone());
    envelope.version = meta.version;
    envelope.key = key();
    Ok(envelope)
}

/// Reads the reply of `M` out of a body that `codec` wrote.
///
/// # Errors
/// `AW2103`: that it is none.
pub fn open_reply<M: Request>(codec: &dyn Codec, body: &[u8]) -> Result<M::Reply> {
    let registry = crate::registry::registry();
    let wire = registry.reply_wire(M::META).ok_or_else(|| local(M::META))?;
    // The one who asked is not at fault, whatever the reader says.
    let reply = wire.read(codec, body, None).map_err(|error| {
        let message = format!("what came back is no reply of `{}`: {error}", M::META.wire_name());
        Error::new(Kind::Internal, "AW2103", message)
    })?;
    reply.downcast().map(|reply| *reply).map_err(|_| Error::internal("a reply is not of its entry's type"))
}

fn local(meta: &'static MessageMeta) -> Error {
    Error::internal(format!("`{}` is local: it has no wire form", meta.wire_name()))
}
