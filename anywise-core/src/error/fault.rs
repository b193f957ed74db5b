//! Errors that users declare: a kind and a stable code for each value.
//!
//! Declared types are registered at link time, so that `?` can turn one into an
//! [`Error`] and keep what it says of itself.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, FieldFault, Kind, Source};
use crate::message::Site;

/// Kind and code of a declared error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultInfo {
    /// What sort of failure it is.
    pub kind: Kind,
    /// Its stable code.
    pub code: &'static str,
}

impl FaultInfo {
    /// Kind and code.
    pub const fn new(kind: Kind, code: &'static str) -> Self {
        Self { kind, code }
    }
}

/// What a declared error says of itself.
#[derive(Clone, Debug)]
pub struct FaultView {
    pub(super) info: FaultInfo,
    pub(super) detail: Option<String>,
    pub(super) fields: Vec<FieldFault>,
}

impl FaultView {
    /// Kind and code.
    pub const fn new(kind: Kind, code: &'static str) -> Self {
        Self { info: FaultInfo::new(kind, code), detail: None, fields: Vec::new() }
    }

    /// What the caller may read instead of the log's message.
    #[must_use]
    pub fn detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The faults of single fields, if the error is about fields.
    #[must_use]
    pub fn fields(mut self, fields: &[FieldFault]) -> Self {
        self.fields = fields.to_vec();
        self
    }
}

/// An error type whose values have a kind and a stable code.
///
/// Derive it; the derive also registers the type, so that `?` keeps kind and
/// code when it becomes an [`Error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` says neither its kind nor its code",
    label = "not a `Fault`",
    note = "derive it: `#[derive(Debug, Fault)]` with `#[fault(kind = .., code = \"..\", message = \"..\")]`, or return `anywise::Result<_>`"
)]
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// Every kind and code a value of this type can have.
    const FAULTS: &'static [FaultInfo];

    /// Kind, code and public words of this value.
    fn fault(&self) -> FaultView;
}

/// The cause of a declared error: an error, or a box of one.
#[doc(hidden)]
pub trait AsSource {
    /// The cause as an error.
    fn as_source(&self) -> &(dyn std::error::Error + 'static);
}

impl<E: std::error::Error + 'static> AsSource for E {
    fn as_source(&self) -> &(dyn std::error::Error + 'static) {
        self
    }
}

macro_rules! boxed_sources {
    ($($error:ty),*) => {$(
        impl AsSource for $error {
            fn as_source(&self) -> &(dyn std::error::Error + 'static) {
                self
            }
        }
    )*};
}

boxed_sources!(dyn std::error::Error + Send + Sync, dyn std::error::Error + Send, dyn std::error::Error);

/// What a function may return beside its success: a [`Fault`] or [`Error`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a handler, listener or guard",
    label = "neither a `Fault` nor `anywise::Error`",
    note = "derive it: `#[derive(Debug, Fault)]` with `#[fault(kind = .., code = \"..\", message = \"..\")]`, or return `anywise::Result<_>`"
)]
pub trait IntoError {
    #[doc(hidden)]
    const DECLARED: &'static [FaultInfo];
    #[doc(hidden)]
    fn into_error(self) -> Error;
}

impl IntoError for Error {
    const DECLARED: &'static [FaultInfo] = &[];
    fn into_error(self) -> Error {
        self
    }
}

impl<F: Fault> IntoError for F {
    const DECLARED: &'static [FaultInfo] = F::FAULTS;
    fn into_error(self) -> Error {
        Error::from_fault(self)
    }
}

type Look = fn(&dyn Any) -> Option<FaultView>;

/// Registers how to read kind and code of an error type.
///
/// `#[derive(Fault)]` submits one; an adapter submits one with
/// [`FaultEntry::classify`] for an error type of a library it wraps.
pub struct FaultEntry {
    type_id: fn() -> TypeId,
    look: Look,
    wire: Option<FaultWire>,
}

/// How a declared error becomes JSON and comes back.
pub(crate) struct FaultWire {
    pub(crate) name: Option<&'static str>,
    pub(crate) type_name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) site: Site,
    /// `None` for an error of another type.
    pub(crate) write:
        fn(&(dyn std::error::Error + Send + Sync + 'static)) -> Option<serde_json::Result<Value>>,
    pub(crate) read: fn(&Value) -> serde_json::Result<Source>,
}

impl FaultEntry {
    /// The entry of a type with a [`Fault`] implementation.
    pub const fn of<F: Fault>() -> Self {
        Self {
            type_id: TypeId::of::<F>,
            look: |error| error.downcast_ref::<F>().map(Fault::fault),
            wire: None,
        }
    }

    /// The same of a type that travels: `#[fault(wire)]`.
    #[doc(hidden)]
    pub const fn wired<F: Fault + Serialize + DeserializeOwned>(
        type_name: &'static str,
        name: Option<&'static str>,
        module: &'static str,
        site: Site,
    ) -> Self {
        let mut entry = Self::of::<F>();
        entry.wire = Some(FaultWire {
            name,
            type_name,
            module,
            site,
            write: |error| error.downcast_ref::<F>().map(serde_json::to_value),
            read: |value| Ok(Box::new(F::deserialize(value)?)),
        });
        entry
    }

    pub(crate) fn wire(&self) -> Option<&FaultWire> {
        self.wire.as_ref()
    }

    /// An entry for the error type `E` of another library.
    pub const fn classify<E: 'static>(look: Look) -> Self {
        Self { type_id: TypeId::of::<E>, look, wire: None }
    }
}

inventory::collect!(FaultEntry);

/// What any error says of itself: what it declares, or that it is ours.
#[doc(hidden)]
pub fn view<E: std::error::Error + 'static>(error: &E) -> FaultView {
    let declared = declared(TypeId::of::<E>()).and_then(|look| look(error));
    declared.unwrap_or(FaultView::new(Kind::Internal, "AW1500"))
}

fn declared(id: TypeId) -> Option<Look> {
    static TABLE: OnceLock<HashMap<TypeId, Look>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        inventory::iter::<FaultEntry>().map(|entry| ((entry.type_id)(), entry.look)).collect()
    });
    table.get(&id).copied()
}
