//! A connection that many share, and that is made again when it broke.
//!
//! It waits for nothing and tries nothing twice: whoever finds it broken gets
//! the error, and the next one a new connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, IntoConnectionInfo, Pipeline, ProtocolVersion, RedisError,
    RedisResult, Value,
};
use tokio::sync::Mutex;

use crate::config::Settings;
use crate::error::{ends_connection, refused, translate};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// A connection to the server.
pub(crate) struct Connection {
    client: Client,
    address: String,
    patience: Duration,
    /// How long its commands may wait on top of that.
    wait: Duration,
    live: Mutex<Option<Live>>,
    /// Number of the connection in use; 0 if there is none.
    number: AtomicU64,
}

/// A connection, and which one it is.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    connection: MultiplexedConnection,
    number: u64,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Connection {
    /// The client for the address and the certificates that were given.
    pub(crate) fn client(settings: &Settings) -> Result<Client> {
        if !cfg!(feature = "tls")
            && let Some(error) = without_tls(&settings.url)
        {
            return Err(error);
        }
        // The address is not repeated: it may hold a password.
        let unreadable = |error| refused(Kind::Unprocessable, "an address that cannot be read", error);
        let info = settings.url.as_str().into_connection_info().map_err(unreadable)?;
        // Answers are read as RESP2 has them.
        let spoken = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
        let info = info.set_redis_settings(spoken);
        #[cfg(feature = "tls")]
        if let redis::ConnectionAddr::TcpTls { .. } = info.addr() {
            return crate::tls::client(info, settings);
        }
        Client::open(info).map_err(unreadable)
    }

    /// One that is made when it is first used.
    pub(crate) fn new(client: &Client, patience: Duration, wait: Duration) -> Self {
        let address = client.get_connection_info().addr().to_string();
        Self {
            client: client.clone(),
            address,
            patience,
            wait,
            live: Mutex::default(),
            number: AtomicU64::new(0),
        }
    }

    /// Where it leads, without a password.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How long the server may take to answer.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Another connection, for a caller that waits for the server as long as `wait`.
    pub(crate) async fn another(&self, wait: Duration) -> Result<MultiplexedConnection> {
        self.connect(wait).await.map_err(|error| self.error("connecting", &error))
    }

    async fn connect(&self, wait: Duration) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(self.patience + wait));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// The connection there is, or a new one.
    pub(crate) async fn live(&self) -> Result<Live> {
        let mut live = self.live.lock().await;
        if let Some(live) = &*live {
            return Ok(live.clone());
        }
        let connection = self.connect(self.wait).await.map_err(|error| self.error("connecting", &error))?;
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        self.number.store(number, Ordering::Release);
        Ok(live.insert(Live { connection, number }).clone())
    }

    /// Does not use a connection again.
    async fn drop_live(&self, number: u64) {
        let mut live = self.live.lock().await;
        if live.as_ref().is_some_and(|live| live.number == number) {
            self.number.store(0, Ordering::Release);
            *live = None;
        }
    }

    /// Has the server do something; `what` says what, for errors.
    pub(crate) async fn ask(&self, what: &str, command: &Cmd) -> Result<Value> {
        let mut live = self.live().await?;
        let answer = live.connection.send_packed_command(command).await;
        let answer = answer.and_then(Value::extract_error);
        self.checked(&live, answer).await.map_err(|error| self.error(what, &error))
    }

    /// Has the server do several things as one.
    pub(crate) async fn ask_atomic(&self, what: &str, pipeline: &mut Pipeline) -> Result<Vec<Value>> {
        let mut live = self.live().await?;
        let answer = pipeline.atomic().query_async(&mut live.connection).await;
        self.checked(&live, answer).await.map_err(|error| self.error(what, &error))
    }

    /// Runs a script of ours.
    pub(crate) async fn run(&self, what: &str, script: &redis::ScriptInvocation<'_>) -> Result<Value> {
        let mut live = self.live().await?;
        let answer = script.invoke_async(&mut live.connection).await;
        self.checked(&live, answer).await.map_err(|error| self.error(what, &error))
    }

    /// Has the server do several things on a connection, in a transaction or one by
    /// one; says how each ended.
    ///
    /// In a transaction they are written to the file as one. One by one they are
    /// synced whenever a read of the server's ends, every 16 KiB.
    pub(crate) async fn ask_all(
        &self,
        live: &Live,
        pipeline: &mut Pipeline,
        as_one: bool,
    ) -> Result<Vec<Value>> {
        let (mut connection, count) = (live.connection.clone(), pipeline.len());
        let answer = if as_one {
            let answer = connection.send_packed_commands(pipeline.atomic(), count + 1, 1).await;
            answer.and_then(|mut answer| match answer.pop().unwrap_or_default() {
                Value::Array(answers) => Ok(answers),
                other => Err(not_done(other)),
            })
        } else {
            connection.send_packed_commands(pipeline, 0, count).await
        };
        self.checked(live, answer).await.map_err(|error| self.error("publishing", &error))
    }

    /// Has the server do something on a connection.
    pub(crate) async fn ask_on(&self, live: &Live, what: &str, command: &Cmd) -> Result<Value> {
        let answer = live.connection.clone().send_packed_command(command).await;
        let answer = answer.and_then(Value::extract_error);
        self.checked(live, answer).await.map_err(|error| self.error(what, &error))
    }

    /// Whether a connection is the one in use.
    pub(crate) fn is_live(&self, live: &Live) -> bool {
        self.number.load(Ordering::Acquire) == live.number
    }

    async fn checked<T>(&self, live: &Live, answer: RedisResult<T>) -> RedisResult<T> {
        if answer.as_ref().is_err_and(ends_connection) {
            self.drop_live(live.number).await;
        }
        answer
    }

    /// The client's error as core's.
    pub(crate) fn error(&self, what: &str, error: &RedisError) -> Error {
        translate(&self.address, what, error)
    }
}

/// The refusal of an address that takes TLS, in a build that has none.
fn without_tls(url: &str) -> Option<Error> {
    let url = redis::parse_redis_url(url)?;
    matches!(url.scheme(), "rediss" | "valkeys").then_some(())?;
    let address = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or(6379));
    let why = format!("`{}` needs the feature `tls` of anywise-redis", url.scheme());
    Some(refused(Kind::Unprocessable, &address, why))
}

/// Which connection is which.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A transaction that was not carried out.
fn not_done(answer: Value) -> RedisError {
    match answer.extract_error() {
        Err(error) => error,
        Ok(_) => (redis::ErrorKind::UnexpectedReturnType, "the transaction was not carried out").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_an_address_that_takes_it_is_refused_and_the_feature_named() {
        let check = |url: &str, expected: &str| {
            let error = without_tls(url).unwrap();
            assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW2021"), "{error}");
            assert_eq!(
                error.to_string(),
                format!("Redis at {expected} needs the feature `tls` of anywise-redis [AW2021]")
            );
        };
        check("rediss://ann:s3cret@host", "host:6379: `rediss`");
        check("REDISS://host:1/2", "host:1: `rediss`");
        check("valkeys://[::1]:1", "[::1]:1: `valkeys`");
        for other in ["redis://rediss:1", "redis+unix:///rediss", "not an address"] {
            assert!(without_tls(other).is_none(), "{other}");
        }
    }
}
