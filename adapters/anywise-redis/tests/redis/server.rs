//! Servers for the tests: the shared one, and those that a test starts for itself.

use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anywise::{Error, Kind, Result};
use anywise_redis::Redis;
use anywise_servers::{free_port, skip};
use tokio::time::Instant;

/// Where a server is that others use too.
pub(crate) fn shared_url() -> String {
    std::env::var("ANYWISE_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// The shared server, if it is there; says what is skipped if not.
///
/// # Panics
/// If it is not there, and required.
pub(crate) async fn shared(test: &str) -> Option<redis::aio::MultiplexedConnection> {
    match connect(&shared_url()).await {
        Ok(connection) => Some(connection),
        Err(error) => {
            skip("redis", format!("{test}: no Redis: {error}"));
            None
        }
    }
}

pub(crate) async fn connect(url: &str) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
    redis::Client::open(url)?.get_multiplexed_async_connection().await
}

/// The program that servers are started with: `ANYWISE_REDIS_SERVER`, or
/// `redis-server`.
fn program() -> String {
    std::env::var("ANYWISE_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

/// A prefix that no other test uses.
pub(crate) fn prefix() -> String {
    format!("test-{}", anywise::Uuid::now_v7().simple())
}

/// Removes every key that begins with a prefix.
pub(crate) async fn clean(url: &str, prefix: &str) {
    let Ok(mut connection) = connect(url).await else { return };
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut connection).await.unwrap_or_default();
    if !keys.is_empty() {
        let removed: redis::RedisResult<()> = redis::cmd("DEL").arg(keys).query_async(&mut connection).await;
        drop(removed);
    }
}

/// Settings of one that keeps what it has confirmed.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// A server of a test's own, in a directory of its own; it ends with the value.
#[derive(Debug)]
pub(crate) struct Server {
    scheme: &'static str,
    port: u16,
    directory: std::path::PathBuf,
    settings: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Starts one with settings as its command line has them.
    pub(crate) async fn start(settings: &[&str]) -> Result<Self> {
        let server = Self::prepared("redis", settings);
        server.begin().await?;
        Ok(server)
    }

    fn prepared(scheme: &'static str, settings: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(prefix());
        std::fs::create_dir_all(&directory).expect("the temporary directory can be written");
        Self {
            scheme,
            port: free_port(),
            directory,
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
            process: Mutex::default(),
        }
    }

    /// One that keeps what it has confirmed.
    pub(crate) async fn durable() -> Result<Self> {
        Self::start(&DURABLE).await
    }

    /// A durable one that speaks TLS alone, and wants to see a certificate:
    /// `certify` makes `authority.pem`, `server.pem` and `server.key` in its directory.
    #[cfg(feature = "tls")]
    pub(crate) async fn secure(certify: impl FnOnce(&std::path::Path)) -> Result<Self> {
        let mut server = Self::prepared("rediss", &DURABLE);
        certify(&server.directory);
        let port = server.port.to_string();
        server.settings.extend(["--port", "0", "--tls-port", &port].map(str::to_owned));
        for (setting, file) in [("ca-cert", "authority.pem"), ("cert", "server.pem"), ("key", "server.key")] {
            let path = server.directory.join(file).display().to_string();
            server.settings.extend([format!("--tls-{setting}-file"), path]);
        }
        server.begin().await?;
        Ok(server)
    }

    #[cfg(feature = "tls")]
    pub(crate) fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends the process, as a crash would.
    pub(crate) fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill().expect("it is ours");
            process.wait().expect("it ends");
        }
    }

    /// Has the process stand still, or go on.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.lock().unwrap().as_ref().map(Child::id).expect("it runs");
        let sent = Command::new("kill").args([format!("-{signal}"), id.to_string()]).status();
        assert!(sent.expect("there is a `kill`").success());
    }

    /// Starts it with what it had, and waits until it answers.
    pub(crate) async fn begin(&self) -> Result<()> {
        let process = Command::new(program())
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--dir", &self.directory.to_string_lossy()])
            .args(&self.settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Error::new(Kind::Unavailable, "test", format!("{}: {error}", program())))?;
        *self.process.lock().unwrap() = Some(process);
        let until = Instant::now() + Duration::from_secs(20);
        while !self.answers().await {
            if Instant::now() > until {
                return Err(Error::new(
                    Kind::Unavailable,
                    "test",
                    "the server that was started does not answer",
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn answers(&self) -> bool {
        if self.scheme == "rediss" {
            // It has nothing to load first, and nobody here has a certificate.
            return tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok();
        }
        let Ok(mut connection) = connect(&self.url()).await else { return false };
        let pong: redis::RedisResult<String> = redis::cmd("PING").query_async(&mut connection).await;
        pong.is_ok()
    }

    /// Whether a server can be started here at all; says what is skipped if not.
    ///
    /// # Panics
    /// If it cannot, and is required.
    pub(crate) fn possible(test: &str) -> bool {
        there_is(test, &program(), "--version")
    }
}

/// Whether a program can be run here; says what is skipped if not.
///
/// # Panics
/// If it cannot, and the server is required.
pub(crate) fn there_is(test: &str, program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()) || missing(test, &format!("there is no `{program}`"))
}

/// Whether servers started here have TLS; says what is skipped if not.
///
/// # Panics
/// If they have not, and are required.
#[cfg(feature = "tls")]
pub(crate) fn there_is_tls(test: &str) -> bool {
    // The first setting that it does not know ends it.
    let asked = Command::new(program()).args(["--tls-replication", "no", "--unknown", "no"]).output();
    let said = asked.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&said).contains("'unknown") || missing(test, "the server has no TLS")
}

fn missing(test: &str, what: &str) -> bool {
    skip("redis", format!("{test}: {what}"));
    false
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// A transport below a prefix of its own, on the shared server whatever it keeps.
pub(crate) fn on_shared(prefix: &str) -> Redis {
    Redis::new(shared_url()).prefix(prefix).accept_weaker_durability()
}

/// An event with an empty body.
pub(crate) fn event(name: &str, key: Option<&str>) -> anywise::Envelope {
    let mut event = anywise::Envelope::json(name, "{}");
    event.key = key.map(str::to_owned);
    event
}

pub(crate) fn group(name: &str, events: &[&str]) -> anywise::Subscription {
    anywise::Subscription::new(name, events.iter().copied())
}
