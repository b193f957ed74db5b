//! An error as it travels between processes: plain data, the same for every
//! transport.
//!
//! What the caller may read crosses, and so does a fault that was declared with
//! `#[fault(wire)]`. The words for the log stay where the log is.

use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::{FaultEntry, FaultWire};
use super::{Error, FieldFault, Inner, Kind, Source};
use crate::message::Site;
use crate::registry::registry;

/// An [`Error`] as data: kind, code, and what the caller may read.
///
/// An error that was read from one has the same kind, status, code, detail,
/// fields and [`retry_after`](Error::retry_after). If the fault's type is linked
/// here, [`Error::downcast_ref`] gives it back; if not, it is carried on as it
/// came.
///
/// # Examples
/// ```
/// use anywise_core::{Error, Kind, WireError};
///
/// let error = Error::new(Kind::Conflict, "order.closed", "order 7 is closed");
/// let json = serde_json::to_string(&WireError::from(&error)).unwrap();
/// assert_eq!(json, r#"{"kind":"conflict","code":"order.closed","detail":"order 7 is closed"}"#);
///
/// let again = Error::from(serde_json::from_str::<WireError>(&json).unwrap());
/// assert_eq!((again.kind(), again.code()), (error.kind(), error.code()));
/// assert_eq!(again.detail(), error.detail());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WireError {
    /// What sort of failure it is.
    pub kind: Kind,
    /// An HTTP status that is finer than the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The stable code.
    pub code: String,
    /// What the caller may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The faults of single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldFault>,
    /// When to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The declared error itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<WireFault>,
}

impl WireError {
    /// An error of `kind` with a stable `code`.
    pub fn new(kind: Kind, code: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            code: code.into(),
            detail: None,
            fields: Vec::new(),
            retry_after_ms: None,
            fault: None,
        }
    }
}

/// A declared error as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WireFault {
    /// Its wire name, `slice.TypeName` unless `#[fault(wire = "..")]` named it.
    pub name: String,
    /// Its JSON.
    pub value: Value,
}

impl From<&Error> for WireError {
    fn from(error: &Error) -> Self {
        let after = error.retry_after().map(|after| after.as_nanos().div_ceil(1_000_000));
        Self {
            kind: error.kind(),
            status: error.0.status,
            code: error.code().to_owned(),
            detail: error.detail().map(str::to_owned),
            fields: error.fields().to_vec(),
            retry_after_ms: after.map(|after| u64::try_from(after).unwrap_or(u64::MAX)),
            fault: error.wire_fault(),
        }
    }
}

impl From<WireError> for Error {
    fn from(wire: WireError) -> Self {
        let (source, fault) = match wire.fault.map(WireFault::read) {
            None => (None, None),
            Some(Ok(source)) => (Some(source), None),
            Some(Err(fault)) => (None, Some(fault)),
        };
        let message = match (&source, &wire.detail) {
            (Some(source), _) => source.to_string(),
            (None, Some(detail)) => detail.clone(),
            (None, None) => wire.kind.in_general().to_owned(),
        };
        Self(Box::new(Inner {
            kind: wire.kind,
            status: wire.status,
            code: wire.code.into(),
            message: message.into(),
            detail: wire.detail,
            fields: wire.fields,
            retry_after: wire.retry_after_ms.map(Duration::from_millis),
            absent: false,
            source,
            fault,
        }))
    }
}

impl Error {
    /// The declared error this was made from, if it may travel.
    ///
    /// One that came from another process, and whose type is not linked here,
    /// is given on as it came.
    pub fn wire_fault(&self) -> Option<WireFault> {
        let Some(source) = self.0.source.as_deref() else { return self.0.fault.clone() };
        let (known, written) = table().iter().find_map(|known| Some((known, (known.wire.write)(source)?)))?;
        match written {
            Ok(value) => Some(WireFault { name: known.name.clone(), value }),
            // A variant that serde is told to skip stays at home.
            Err(error) => {
                tracing::debug!(fault = known.name, %error, "a fault does not travel");
                None
            }
        }
    }
}

impl WireFault {
    /// A declared error as data, as a transport read it.
    pub fn new(name: impl Into<String>, value: Value) -> Self {
        Self { name: name.into(), value }
    }

    /// The error it is, or itself if its type is not linked here, or has changed.
    fn read(self) -> Result<Source, Self> {
        let known = table().iter().find(|known| known.name == self.name);
        match known.map(|known| (known.wire.read)(&self.value)) {
            Some(Ok(source)) => Ok(source),
            Some(Err(error)) => {
                tracing::warn!(fault = self.name, %error, "a fault could not be read");
                Err(self)
            }
            None => Err(self),
        }
    }
}

/// A linked error type that travels.
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) slice: &'static str,
    pub(crate) site: Site,
    wire: &'static FaultWire,
}

/// Every linked error type that travels, by name.
pub(crate) fn table() -> &'static [Known] {
    static TABLE: OnceLock<Vec<Known>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let wires = inventory::iter::<FaultEntry>().filter_map(FaultEntry::wire);
        let mut table: Vec<_> = wires.map(Known::new).collect();
        table.sort_by(|a, b| (&a.name, a.site).cmp(&(&b.name, b.site)));
        table
    })
}

impl Known {
    fn new(wire: &'static FaultWire) -> Self {
        let slice = registry().slice_of(wire.module);
        let name = match wire.name {
            Some(name) if name.contains('.') => name.to_owned(),
            name => format!("{slice}.{}", name.unwrap_or(wire.type_name)),
        };
        Self { name, slice, site: wire.site, wire }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &Error) -> Error {
        let text = serde_json::to_string(&WireError::from(error)).expect("plain data");
        let again = Error::from(serde_json::from_str::<WireError>(&text).expect("as it was written"));
        assert_eq!(
            (again.kind(), again.status(), again.code()),
            (error.kind(), error.status(), error.code())
        );
        assert_eq!((again.detail(), again.fields()), (error.detail(), error.fields()));
        assert_eq!(again.retry_after(), error.retry_after());
        assert_eq!(again.is_unknown_outcome(), error.is_unknown_outcome());
        again
    }

    #[test]
    fn everything_the_caller_may_know_crosses() {
        for kind in Kind::ALL {
            check(&Error::new(*kind, "a.b", "for the log"));
            check(&Error::new(*kind, "a.b", "for the log").with_detail("for the caller"));
        }
        let field = FieldFault::new("/lines/0", "is wrong").expected(Some("a list".into()), None);
        check(&Error::new(Kind::Invalid, "AW1020", "no").with_status(415).with_field(field));
        check(&Error::new(Kind::RateLimited, "a.b", "no").with_retry_after(Duration::from_millis(1_250)));
        check(&Error::unknown_outcome("the connection broke"));
    }

    #[test]
    fn the_words_for_the_log_stay_at_home() {
        let again = check(&Error::internal("password=1234"));
        assert!(!again.to_string().contains("1234"));
        assert_eq!(again.message(), "the request failed; the log says why");
    }

    #[test]
    fn a_part_of_a_millisecond_is_waited_for() {
        let error = Error::internal("").with_retry_after(Duration::from_micros(1_001));
        assert_eq!(WireError::from(&error).retry_after_ms, Some(2));
    }

    #[test]
    fn a_fault_that_is_not_linked_is_carried_on() {
        let mut wire = WireError::new(Kind::Conflict, "far.away");
        wire.fault = Some(WireFault::new("far.Away", serde_json::json!({"days": 3})));
        assert_eq!(WireError::from(&Error::from(wire.clone())).fault, wire.fault);
    }

    #[test]
    fn what_a_newer_program_says_is_read_as_far_as_it_is_known() {
        let text = r#"{"kind":"melted","code":"x.y","since":1}"#;
        let wire: WireError = serde_json::from_str(text).expect("enough of it is known");
        assert_eq!((wire.kind, wire.code.as_str()), (Kind::Internal, "x.y"));
    }
}
