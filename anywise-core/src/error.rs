//! The one error of the framework: opaque outside, sorted by kind inside.
//!
//! What a caller may read ([`Error::detail`]) and what the log gets (the
//! [`Display`](std::fmt::Display) form and the source chain) are different
//! texts. The [`Kind`] alone decides HTTP status, retry and settlement.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// The result of everything in the framework that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What sort of failure an [`Error`] is.
///
/// The kind decides three things: the HTTP [`status`](Kind::status), whether a
/// delivery [is retried](Kind::is_retryable), and whether the log's message may
/// be shown to the caller ([`is_callers_fault`](Kind::is_callers_fault)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The request cannot be read: 400.
    Invalid,
    /// Who is asking is not known: 401.
    Unauthenticated,
    /// Refused by a payment or a like authority: 402.
    Declined,
    /// Known, and not allowed: 403.
    Forbidden,
    /// There is no such thing: 404.
    NotFound,
    /// At odds with the present state: 409.
    Conflict,
    /// Larger than a limit: 413.
    TooLarge,
    /// Readable, but not acceptable: 422.
    Unprocessable,
    /// Too many requests: 429.
    RateLimited,
    /// A fault of this application: 500.
    Internal,
    /// Cannot be done now, may work later: 503.
    Unavailable,
    /// Took longer than allowed: 504.
    Timeout,
}

impl Kind {
    /// The HTTP status of this kind (RFC 9110).
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Declined => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unprocessable => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// The kind in words, for documents and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Declined => "declined",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too large",
            Self::Unprocessable => "unprocessable",
            Self::RateLimited => "rate limited",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
        }
    }

    /// Whether trying the same again may succeed.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Internal | Self::Unavailable | Self::Timeout)
    }

    /// Whether the caller caused it, so that the message may be shown to them.
    pub const fn is_callers_fault(self) -> bool {
        self.status() < 500
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What went wrong in one field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldFault {
    /// JSON pointer (RFC 6901) of a body field, or `path.name` / `query.name`.
    pub pointer: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What was expected, if that can be said shortly.
    pub expected: Option<String>,
    /// What was found: at most 64 characters of it.
    pub found: Option<String>,
}

impl FieldFault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), expected: None, found: None }
    }

    /// Says what was expected and found.
    #[must_use]
    pub fn expected(mut self, expected: Option<String>, found: Option<String>) -> Self {
        self.expected = expected;
        self.found = found;
        self
    }
}

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
        }))
    }

    /// An [`Internal`](Kind::Internal) error with the code `AW1500`.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Internal, "AW1500", message)
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
        }))
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        let view = declared(TypeId::of::<E>()).and_then(|look| look(&error));
        let unknown = FaultView::new(Kind::Internal, "AW1500");
        Self::from_view(view.unwrap_or(unknown), error)
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
    info: FaultInfo,
    detail: Option<String>,
    fields: Vec<FieldFault>,
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
}

impl FaultEntry {
    /// The entry of a type with a [`Fault`] implementation.
    pub const fn of<F: Fault>() -> Self {
        Self { type_id: TypeId::of::<F>, look: |error| error.downcast_ref::<F>().map(Fault::fault) }
    }

    /// An entry for the error type `E` of another library.
    pub const fn classify<E: 'static>(look: Look) -> Self {
        Self { type_id: TypeId::of::<E>, look }
    }
}

inventory::collect!(FaultEntry);

fn declared(id: TypeId) -> Option<Look> {
    static TABLE: OnceLock<HashMap<TypeId, Look>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        inventory::iter::<FaultEntry>().map(|entry| ((entry.type_id)(), entry.look)).collect()
    });
    table.get(&id).copied()
}
