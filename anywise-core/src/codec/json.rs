//! Reading JSON bodies that strangers send: bytes in, a value or one precise
//! fault out.
//!
//! It is not a parser (`serde_json` is) and does no I/O. Bytes come from an
//! ingress or a broker's source; the value goes to the dispatcher, the
//! [`JsonFault`] to whoever answers the sender.
//!
//! The good case is cheap: one vectorised look at the bytes, then `serde_json`
//! straight into the target type. Only a body that failed is read a second
//! time, to find out where and why.
//!
//! Beyond what `serde_json` refuses, this refuses: nesting deeper than
//! [`JsonLimits::depth`] (also inside fields that are ignored), more than
//! [`JsonLimits::nodes`] values, invalid UTF-8 anywhere, and an array where an
//! object belongs (serde's derived structs would accept one, field by field).

mod fault;
mod outline;
mod strict;

use serde::de::DeserializeOwned;

pub use fault::JsonFault;
use strict::Strict;

/// What a JSON body may be at most.
///
/// # Examples
/// ```
/// use anywise_core::json::JsonLimits;
///
/// let limits = JsonLimits { depth: 8, ..JsonLimits::default() };
/// assert_eq!(limits.nodes, 100_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// Deepest nesting of arrays and objects. Default 64; values over 127 have
    /// no effect, as `serde_json` stops there.
    pub depth: usize,
    /// Most values, counting each element, member and container. Default 100,000.
    pub nodes: usize,
    /// Whether the whole body must be an object. Default true.
    pub object: bool,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { depth: 64, nodes: 100_000, object: true }
    }
}

/// Reads a value from a JSON body.
///
/// # Errors
/// One [`JsonFault`]: the first thing wrong with the body, with its place.
///
/// # Examples
/// ```
/// use anywise_core::json::{JsonLimits, decode_json};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Line { quantity: u8 }
///
/// let line: Line = decode_json(br#"{"quantity": 2}"#, &JsonLimits::default()).unwrap();
/// assert_eq!(line.quantity, 2);
///
/// let fault = decode_json::<Line>(br#"{"quantity": 256}"#, &JsonLimits::default()).unwrap_err();
/// assert_eq!((fault.code, fault.status), ("AW1013", 422));
/// assert_eq!(fault.pointer.as_deref(), Some("/quantity"));
/// ```
pub fn decode_json<T: DeserializeOwned>(bytes: &[u8], limits: &JsonLimits) -> Result<T, JsonFault> {
    let outline = outline::check(bytes, limits)?;
    let read = if outline.arrays {
        let mut json = serde_json::Deserializer::from_str(outline.text);
        T::deserialize(Strict(&mut json)).and_then(|value| json.end().map(|()| value))
    } else {
        serde_json::from_str(outline.text)
    };
    read.map_err(|error| explain::<T>(outline.text, &error))
}

/// Reads the body again, this time keeping track of the place.
#[cold]
#[inline(never)]
fn explain<T: DeserializeOwned>(text: &str, first: &serde_json::Error) -> JsonFault {
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(Strict(&mut json)) {
        Err(error) => fault::of(text, &fault::pointer_of(error.path()), error.inner()),
        Ok(_) => fault::of(text, "", first),
    }
}

#[cfg(test)]
mod tests;
