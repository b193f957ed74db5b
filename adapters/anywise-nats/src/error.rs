//! What goes wrong at the server, as errors of the framework.
//!
//! A server that does not answer is `Unavailable`: core tries again. What will
//! not go away by itself is of another kind: core refuses to start.

use anywise_core::{Error, Kind};

/// The server does not answer, or not in time.
pub(crate) fn away(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, "AW2020", format!("NATS at {address}: {why}"))
}

/// The server is there, and cannot do what is asked of it.
pub(crate) fn unfit(why: String) -> Error {
    Error::new(Kind::Unprocessable, "AW2021", why)
}

/// What is there contradicts what is asked for.
pub(crate) fn conflict(why: String) -> Error {
    Error::new(Kind::Conflict, "AW2021", why)
}

/// The server does not accept who is asking.
pub(crate) fn refused(address: &str, why: impl std::fmt::Display) -> Error {
    let why = format!("NATS at {address} does not accept the credentials: {why}");
    Error::new(Kind::Unauthenticated, "AW2021", why)
}

/// A name that NATS cannot carry.
pub(crate) fn unusable(what: &str, name: &str, why: &str) -> Error {
    Error::new(Kind::Unprocessable, "AW2022", format!("{what} `{name}` cannot be used with NATS: {why}"))
}

/// No process answers the request.
pub(crate) fn nobody(message: &str, subject: &str) -> Error {
    let why = format!("no process answers `{message}`: nothing listens on `{subject}`");
    Error::new(Kind::Unavailable, "AW2101", why)
}

/// Acknowledged is less than kept.
pub(crate) fn weak(why: String) -> Error {
    Error::new(Kind::Unprocessable, "AW3023", why)
}

/// Larger than the server takes.
pub(crate) fn too_large(what: &str, size: usize, most: usize) -> Error {
    Error::new(Kind::TooLarge, "AW2006", format!("{what} has {size} bytes; the server takes at most {most}"))
}

/// The same failure where only time can mend it: what was to be sent is kept.
pub(crate) fn for_now(error: Error) -> Error {
    match error.kind() {
        Kind::Unavailable => error,
        _ => Error::new(Kind::Unavailable, "AW2020", error.to_string())
            .with_source(std::io::Error::other(format!("{error:?}"))),
    }
}
