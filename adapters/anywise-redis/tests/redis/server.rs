//! Servers for the tests: the shared one, and those that a test starts for itself.

use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anywise::{Error, Kind, Result};
use anywise_redis::Redis;
use tokio::time::Instant;

/// Where a server is that others use too.
pub(crate) fn shared_url() -> String {
    std::env::var("ANYWISE_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// Whether tests without a server fail.
pub(crate) fn required() -> bool {
    let required = std::env::var("ANYWISE_REQUIRE").unwrap_or_default();
    required.split([',', ' ']).any(|name| name == "redis")
}

/// The shared server, if it is there; says what is skipped if not.
///
/// # Panics
/// If it is not there, and required.
pub(crate) async fn shared(test: &str) -> Option<redis::aio::MultiplexedConnection> {
    match connect(&shared_url()).await {
        Ok(connection) => Some(connection),
        Err(error) if required() => panic!("{test}: {error}"),
        Err(error) => {
            println!("skipped {test}: no Redis: {error}");
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

/// A server of a test's own, in a directory of its own; it ends with the value.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    directory: std::path::PathBuf,
    settings: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Starts one with settings as its command line has them.
    pub(crate) async fn start(settings: &[&str]) -> Result<Self> {
        let directory = std::env::temp_dir().join(prefix());
        std::fs::create_dir_all(&directory).expect("the temporary directory can be written");
        let server = Self {
            port: free_port(),
            directory,
            settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
            process: Mutex::default(),
        };
        server.begin().await?;
        Ok(server)
    }

    /// One that keeps what it has confirmed.
    pub(crate) async fn durable() -> Result<Self> {
        Self::start(&["--appendonly", "yes", "--appendfsync", "always"]).await
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
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
        loop {
            if let Ok(mut connection) = connect(&self.url()).await {
                let pong: redis::RedisResult<String> = redis::cmd("PING").query_async(&mut connection).await;
                if pong.is_ok() {
                    return Ok(());
                }
            }
            if Instant::now() > until {
                return Err(Error::new(
                    Kind::Unavailable,
                    "test",
                    "the server that was started does not answer",
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether a server can be started here at all; says what is skipped if not.
    ///
    /// # Panics
    /// If it cannot, and is required.
    pub(crate) fn possible(test: &str) -> bool {
        let found = Command::new(program()).arg("--version").stdout(Stdio::null()).status();
        match found {
            Ok(status) if status.success() => true,
            _ if required() => panic!("{test}: there is no `{}`", program()),
            _ => {
                println!("skipped {test}: there is no `{}`", program());
                false
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
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
