//! What the databases' errors mean to an application.
//!
//! `?` turns an [`sqlx::Error`] into an [`Error`]; the entry at the end of this
//! file keeps what it says: a lost connection may be tried again, a unique
//! violation is a conflict.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use anywise_core::{Error, FaultEntry, FaultView, Kind};
use sqlx::error::{DatabaseError, ErrorKind};

/// Why the store refuses a statement, on the way through sqlx's own error.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    pub(crate) code: &'static str,
    pub(crate) text: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(kind: Kind, code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code, text: text.into() }
    }

    pub(crate) fn into_sqlx(self) -> sqlx::Error {
        sqlx::Error::Database(Box::new(self))
    }

    pub(crate) fn into_error(self) -> Error {
        Error::new(self.kind, self.code, self.text)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl DatabaseError for Refusal {
    fn message(&self) -> &str {
        &self.text
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.code))
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// `AW7009`: the store is not one that a `Tx` can be on.
pub(crate) fn no_store(other: bool) -> Error {
    let text = if other {
        "the application's store is not one of anywise-sql"
    } else {
        "the application has no store"
    };
    Error::new(
        Kind::Internal,
        "AW7009",
        format!(
            "{text}: give it `.store(Sqlite::open(..).await?)` or `.store(Postgres::connect(..).await?)`"
        ),
    )
}

/// `AW7009`: the store is on another database than the signature says.
pub(crate) fn other_database(asked: &str, is: &str) -> sqlx::Error {
    let text = format!("`{asked}` is asked for, but the store is on {is}: `Any` is on either");
    Refusal::new(Kind::Internal, "AW7009", text).into_sqlx()
}

/// What an error of the database is to the store's caller.
pub(crate) fn from_sqlx(error: sqlx::Error) -> Error {
    let (kind, code) = sort(&error);
    Error::new(kind, code, error.to_string()).with_source(error)
}

/// The same, for those who can only be told later.
pub(crate) fn refusal(error: &sqlx::Error) -> Refusal {
    let own = error.as_database_error().and_then(|error| error.try_downcast_ref::<Refusal>());
    own.cloned().unwrap_or_else(|| {
        let (kind, code) = sort(error);
        Refusal::new(kind, code, error.to_string())
    })
}

/// Whether the disk or the database file can be trusted no more.
pub(crate) fn is_fatal(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::WorkerCrashed) || sort(error).1 == "AW7003"
}

/// Kind and code of an error of sqlx.
fn sort(error: &sqlx::Error) -> (Kind, &'static str) {
    match error {
        sqlx::Error::Database(error) => sort_database(error.as_ref()),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => (Kind::Unavailable, "AW7004"),
        _ => (Kind::Internal, "AW7021"),
    }
}

fn sort_database(error: &dyn DatabaseError) -> (Kind, &'static str) {
    if let Some(refusal) = error.try_downcast_ref::<Refusal>() {
        return (refusal.kind, refusal.code);
    }
    match error.kind() {
        ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation | ErrorKind::ExclusionViolation => {
            (Kind::Conflict, "AW7022")
        }
        ErrorKind::NotNullViolation | ErrorKind::CheckViolation => (Kind::Unprocessable, "AW7023"),
        _ => error.code().map_or((Kind::Internal, "AW7021"), |code| sort_code(error, &code)),
    }
}

/// By the database's own code: SQLSTATE, or SQLite's extended result code.
fn sort_code(error: &dyn DatabaseError, code: &str) -> (Kind, &'static str) {
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        let code = code.parse::<i32>().unwrap_or_default();
        if code == SQLITE_IOERR_SHMSIZE {
            return (Kind::Unavailable, "AW7005");
        }
        return match code & 0xff {
            SQLITE_FULL => (Kind::Unavailable, "AW7005"),
            SQLITE_IOERR | SQLITE_CORRUPT | SQLITE_NOTADB => (Kind::Unavailable, "AW7003"),
            SQLITE_BUSY | SQLITE_LOCKED | SQLITE_INTERRUPT => (Kind::Unavailable, "AW7004"),
            _ => (Kind::Internal, "AW7021"),
        };
    }
    match code.get(..2).unwrap_or_default() {
        // Connection lost; rolled back to let another go on; out of room; shutting down.
        "08" | "40" | "57" => (Kind::Unavailable, "AW7004"),
        "53" => (Kind::Unavailable, "AW7005"),
        _ => (Kind::Internal, "AW7021"),
    }
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_INTERRUPT: i32 = 9;
const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;
/// The index of the write-ahead log could not grow: the disk is full.
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

/// What a caller may read of an error that is theirs: never the database's words.
fn look(error: &dyn Any) -> Option<FaultView> {
    let error = error.downcast_ref::<sqlx::Error>()?;
    let (kind, code) = sort(error);
    let view = FaultView::new(kind, code);
    Some(match code {
        "AW7022" => view.detail("it is at odds with what is stored".to_owned()),
        "AW7023" => view.detail("it cannot be stored".to_owned()),
        _ => view,
    })
}

inventory::submit! { FaultEntry::classify::<sqlx::Error>(look) }
