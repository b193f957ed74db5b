//! What sort of failure an error is; the kind decides everything else.

use std::fmt;

/// What sort of failure an [`Error`](crate::Error) is.
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
