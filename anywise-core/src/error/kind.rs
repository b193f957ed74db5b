//! What sort of failure an error is; the kind decides everything else.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

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
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Invalid,
        Self::Unauthenticated,
        Self::Declined,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::TooLarge,
        Self::Unprocessable,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
        Self::Timeout,
    ];

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

    /// The kind of an error that is known by its HTTP status alone: the one with
    /// that status, else [`Invalid`](Self::Invalid) below 500 and
    /// [`Internal`](Self::Internal) from there on.
    pub fn of_status(status: u16) -> Self {
        let of_class = if status < 500 { Self::Invalid } else { Self::Internal };
        Self::ALL.iter().copied().find(|kind| kind.status() == status).unwrap_or(of_class)
    }

    /// What may be said to the caller of a failure whose own words are for the
    /// log.
    pub const fn in_general(self) -> &'static str {
        match self {
            Self::Timeout => "the request took too long; whether it had an effect is not known",
            Self::Unavailable => "this cannot be done now; try again later",
            _ => "the request failed; the log says why",
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

/// Written as in `#[fault(kind = not_found)]`.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name().replace(' ', "_"))
    }
}

/// A kind that is not known here, of a newer program, is internal.
impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?.replace('_', " ");
        Ok(Self::ALL.iter().copied().find(|kind| kind.name() == word).unwrap_or(Self::Internal))
    }
}
