//! From the client's errors to core's, with the address and never a password.

use anywise_core::{Error, Kind};
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Code of a broker that is away.
const AWAY: &str = "AW2020";
/// Code of a broker that refuses for good.
const REFUSED: &str = "AW2021";

/// The client's error, while the server at `address` was asked to do `what`.
pub(crate) fn translate(address: &str, what: &str, error: &RedisError) -> Error {
    let kind = kind(error);
    let code = if kind == Kind::Unavailable { AWAY } else { REFUSED };
    Error::new(kind, code, format!("Redis at {address}: {what}: {error}"))
}

/// The server does not answer, or not now.
pub(crate) fn away(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, AWAY, format!("Redis at {address}: {why}"))
}

/// The server will not do it, now or later.
pub(crate) fn refused(kind: Kind, address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(kind, REFUSED, format!("Redis at {address}: {why}"))
}

/// Whether the connection that brought this error is of no more use: it is
/// broken, or leads to a server that takes no writes.
pub(crate) fn ends_connection(error: &RedisError) -> bool {
    let server = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
        )
    );
    server || error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error()
}

fn kind(error: &RedisError) -> Kind {
    match error.kind() {
        ErrorKind::AuthenticationFailed => Kind::Unauthenticated,
        ErrorKind::InvalidClientConfig => Kind::Unprocessable,
        ErrorKind::Server(ServerErrorKind::NoPerm) => Kind::Forbidden,
        ErrorKind::Io
        | ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::NotBusy
            | ServerErrorKind::ExecAbort,
        ) => Kind::Unavailable,
        _ => by_code(error),
    }
}

/// What the client has no word for.
fn by_code(error: &RedisError) -> Kind {
    match error.code().unwrap_or_default() {
        "NOAUTH" | "WRONGPASS" => Kind::Unauthenticated,
        // Full, out of disk, too few replicas, or a group that somebody removed.
        "OOM" | "MISCONF" | "NOREPLICAS" | "BUSY" | "NOGROUP" | "UNBLOCKED" => Kind::Unavailable,
        "WRONGTYPE" => Kind::Conflict,
        _ if error.is_timeout() || error.is_connection_dropped() => Kind::Unavailable,
        _ => Kind::Internal,
    }
}
