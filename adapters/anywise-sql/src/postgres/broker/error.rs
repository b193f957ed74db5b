//! From the database's errors to those of a broker, with the address and never a
//! password.

use anywise_core::{Error, Kind};
use sqlx::postgres::PgConnectOptions;

use crate::error::from_sqlx;

/// Code of a broker that is away.
const AWAY: &str = "AW2020";
/// Code of a broker that refuses for good.
const REFUSED: &str = "AW2021";
/// Code of a server that may lose what it has confirmed.
const UNFIT: &str = "AW3023";

/// Where the server is, for people.
pub(super) fn address(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("{}:{}/{database}", options.get_host(), options.get_port())
}

/// The database's error, while it was asked to do `what`.
pub(super) fn translate(address: &str, what: &str, error: sqlx::Error) -> Error {
    let state = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let kind = state.as_deref().and_then(by_state);
    let text = format!("Postgres at {address}: {what}: {error}");
    let kind = kind.unwrap_or_else(|| from_sqlx(error).kind());
    Error::new(kind, if kind == Kind::Unavailable { AWAY } else { REFUSED }, text)
}

/// What the store has no word for: who may not do it, and what is in the way.
fn by_state(state: &str) -> Option<Kind> {
    match state {
        "28000" | "28P01" => Some(Kind::Unauthenticated),
        "42501" => Some(Kind::Forbidden),
        "42P07" | "42723" | "42809" => Some(Kind::Conflict),
        // Somebody removed the tables: a process that starts makes them again.
        "42P01" | "42883" | "3F000" => Some(Kind::Unavailable),
        _ => None,
    }
}

/// The server does not answer, or not now.
pub(super) fn away(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, AWAY, format!("Postgres at {address}: {why}"))
}

/// The server will not do it, now or later.
pub(super) fn refused(kind: Kind, address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(kind, REFUSED, format!("Postgres at {address}: {why}"))
}

/// The server may lose what it has confirmed.
pub(super) fn unfit(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Internal, UNFIT, format!("Postgres at {address}: {why}"))
}
