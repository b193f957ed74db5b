//! Where the database is, and how the store uses it.

use std::str::FromStr;
use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use sqlx::postgres::PgConnectOptions;

use crate::PostgresStore;

/// Bytes of a schema's name at most.
pub(super) const LONGEST_NAME: usize = 48;

/// Where the database is, and how the store uses it.
///
/// # Examples
/// ```no_run
/// use anywise_sql::Postgres;
///
/// # async fn f() -> anywise_core::Result<()> {
/// let store = Postgres::options("postgres://shop@db.internal/shop")?.schema("shop")?.connections(32).connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    pub(super) connect: PgConnectOptions,
    pub(super) schema: String,
    pub(super) node: String,
    pub(super) lease: Duration,
    pub(super) connections: u32,
    pub(super) patience: Duration,
    pub(super) notify: bool,
}

impl PostgresOptions {
    pub(super) fn parse(url: &str) -> Result<Self> {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|error| invalid("the address of the database cannot be read").with_source(error))?;
        Ok(Self {
            connect,
            schema: "public".to_owned(),
            node: format!("{}", std::process::id()),
            lease: Duration::from_secs(15),
            connections: 16,
            patience: Duration::from_secs(3),
            notify: true,
        })
    }

    /// The schema in which the store's tables and the slices' are, and in which
    /// statements look for theirs. Default: `public`. It is made if it is not
    /// there.
    ///
    /// # Errors
    /// That it is no plain name of at most 48 letters, digits and underscores.
    pub fn schema(mut self, name: impl Into<String>) -> Result<Self> {
        self.schema = name.into();
        if is_name(&self.schema) { Ok(self) } else { Err(bad_name(&self.schema)) }
    }

    /// What this process is called in the database's list of connections and in
    /// failures. Default: its process id.
    #[must_use]
    pub fn node(mut self, name: impl Into<String>) -> Self {
        self.node = name.into();
        self
    }

    /// How long a claim is held that is not renewed. Default: 15 s. It is
    /// renewed three times as often.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(100));
        self
    }

    /// Connections for transactions, and as many for queries, beside the store's
    /// own eight. They are opened when they are needed. Default: 16.
    #[must_use]
    pub fn connections(mut self, most: u32) -> Self {
        self.connections = most.max(1);
        self
    }

    /// How long to wait for a connection. Default: 3 s.
    #[must_use]
    pub fn patience(mut self, longest: Duration) -> Self {
        self.patience = longest;
        self
    }

    /// Without LISTEN and NOTIFY, for a pooler that does not know them: other
    /// processes' messages are then found by asking from time to time.
    #[must_use]
    pub fn without_notify(mut self) -> Self {
        self.notify = false;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// That the database cannot be reached (`AW7004`), or is not fit to keep
    /// anything (`AW3023`).
    pub async fn connect(self) -> Result<PostgresStore> {
        PostgresStore::connect(self).await
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= LONGEST_NAME
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn bad_name(name: &str) -> Error {
    invalid(format!(
        "`{name}` is no name for a schema: lower case letters, digits and `_`, at most {LONGEST_NAME} of them"
    ))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Internal, "AW3023", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_schemas() {
        for name in ["public", "shop_2", "_x"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2x", "Shop", "a b", "a\"; drop table x; --", "é", &"x".repeat(49)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
