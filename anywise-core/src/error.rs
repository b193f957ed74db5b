//! The one error of the framework: opaque outside, sorted by kind inside.
//!
//! What a caller may read ([`Error::detail`]) and what the log gets (the
//! [`Display`](std::fmt::Display) form and the source chain) are different
//! texts. The [`Kind`] alone decides HTTP status, retry and settlement.

mod fault;
mod field;
mod kind;
pub(crate) mod nearest;
pub(crate) mod wire;

pub use fault::{AsSource, Fault, FaultEntry, FaultInfo, FaultView, IntoError, view};
pub use field::FieldFault;
pub use kind::Kind;
pub use wire::{WireError, WireFault};

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The result of everything in the framework that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Any failure: a kind, a stable code, a message for the log, optionally
/// another for the caller, and the error that caused it.
///
/// `?` turns every [`std::error::Error`] into one. A type with
/// [`#[derive(Fault)]`](crate::Fault) keeps its kind and code; any other
/// becomes [`Kind::Internal`].
///
/// # Examples
/// ```
/// use anywise_core::{Error, Kind};
///
/// let error = Error::new(Kind::NotFound, "order.not_found", "there is no order 7");
/// assert_eq!(error.status(), 404);
/// assert_eq!(error.code(), "order.not_found");
/// assert_eq!(error.detail(), Some("there is no order 7"));
///
/// let error: Error = "x".parse::<u8>().unwrap_err().into();
/// assert_eq!(error.kind(), Kind::Internal);
/// assert_eq!(error.detail(), None, "a cause of ours is not shown to the caller");
/// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    status: Option<u16>,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    detail: Option<String>,
    fields: Vec<FieldFault>,
    retry_after: Option<Duration>,
    absent: bool,
    source: Option<Source>,
    /// A declared error of another process whose type is not linked here.
    fault: Option<WireFault>,
}

impl Error {
    /// An error of `kind` with a stable `code`.
    ///
    /// The message goes to the log; the caller sees it too if the kind is
    /// [their fault](Kind::is_callers_fault).
    pub fn new(
        kind: Kind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            status: None,
            code: code.into(),
            message: message.into(),
            detail: None,
            fields: Vec::new(),
            retry_after: None,
            absent: false,
            source: None,
            fault: None,
        }))
    }

    /// An [`Internal`](Kind::Internal) error with the code `AW1500`.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Internal, "AW1500", message)
    }

    /// Something was asked for and may or may not have happened, such as a
    /// commit whose connection was lost: code `AW7006`. It is reported neither
    /// as done nor as undone; the same request with the same idempotency key
    /// finds out.
    pub fn unknown_outcome(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unavailable, "AW7006", message)
            .with_detail("it is not known whether this was done; ask again with the same Idempotency-Key")
    }

    /// Whether it may have happened all the same.
    pub fn is_unknown_outcome(&self) -> bool {
        self.code() == "AW7006"
    }

    /// Sets what the caller may read.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds the fault of one field.
    #[must_use]
    pub fn with_field(mut self, field: FieldFault) -> Self {
        self.0.fields.push(field);
        self
    }

    /// Sets an HTTP status that is finer than the kind's.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Says that what was asked for is not there, as opposed to being there and
    /// wrong: an `Option` of it is then `None`.
    #[must_use]
    pub fn as_absent(mut self) -> Self {
        self.0.absent = true;
        self
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The HTTP status: the kind's, unless a finer one was set.
    pub fn status(&self) -> u16 {
        self.0.status.unwrap_or(self.0.kind.status())
    }

    /// The stable code, for example `payment.declined` or `AW1500`.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The message for the log.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The message for the caller, if there is one they may read.
    pub fn detail(&self) -> Option<&str> {
        match &self.0.detail {
            Some(detail) => Some(detail),
            None if self.0.kind.is_callers_fault() => Some(&self.0.message),
            None => None,
        }
    }

    /// The faults of single fields, if the error is about fields.
    pub fn fields(&self) -> &[FieldFault] {
        &self.0.fields
    }

    /// Whether it says that something is not there.
    pub fn is_absent(&self) -> bool {
        self.0.absent
    }

    /// When to try again, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The user's own error, if this was made from an `E`.
    ///
    /// Also when it comes from another process, if `E` is declared with
    /// `#[fault(wire)]`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// The error that caused this one.
    pub fn source(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Makes an error from a declared fault.
    pub fn from_fault<F: Fault>(fault: F) -> Self {
        let view = fault.fault();
        Self::from_view(view, fault)
    }

    fn from_view(view: FaultView, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(Inner {
            kind: view.info.kind,
            status: None,
            code: Cow::Borrowed(view.info.code),
            message: Cow::Owned(source.to_string()),
            detail: view.detail,
            fields: view.fields,
            retry_after: None,
            absent: false,
            source: Some(Box::new(source)),
            fault: None,
        }))
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::from_view(view(&error), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.0.message, self.0.code)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = self.0.source.as_deref().and_then(|s| s.source());
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

/// An [`Error`] where the standard trait is asked for.
struct Reported(Error);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Reported {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The error this was made from has its message already.
        self.0.0.source.as_deref()?.source()
    }
}

/// For a `main` that returns any error.
impl From<Error> for Box<dyn std::error::Error + Send + Sync> {
    fn from(error: Error) -> Self {
        Box::new(Reported(error))
    }
}

/// For a `main` that returns any error.
impl From<Error> for Box<dyn std::error::Error> {
    fn from(error: Error) -> Self {
        Box::new(Reported(error))
    }
}
