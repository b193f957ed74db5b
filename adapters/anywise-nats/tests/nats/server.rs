//! Servers for the tests: one that all share, and processes of their own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anywise::Uuid;
use anywise_nats::Nats;
use async_nats::jetstream;

/// The server that the tests share, if it answers.
pub(crate) fn shared() -> Option<String> {
    let url = std::env::var("ANYWISE_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4322".to_owned());
    let address = url.rsplit(['/', '@']).next().unwrap_or_default();
    if TcpStream::connect(address).is_ok() {
        return Some(url);
    }
    missing(&format!("no NATS server answers at {url}"));
    None
}

/// Says what is missing; fails where it is required.
fn missing(what: &str) {
    let required = std::env::var("ANYWISE_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == "nats"), "{what}, and it is required");
    println!("skipped: {what}");
}

/// A prefix that no other test has.
pub(crate) fn fresh_prefix() -> String {
    format!("t{}", Uuid::now_v7().simple())
}

/// Deletes the streams of a prefix.
pub(crate) fn clean(url: &str, prefix: &str) {
    let (url, stream) = (url.to_owned(), prefix.to_uppercase());
    let clean = async move {
        let Ok(client) = async_nats::connect(url).await else { return };
        let jetstream = async_nats::jetstream::new(client);
        for stream in [stream.clone(), format!("{stream}_DEAD")] {
            drop(jetstream.delete_stream(stream).await);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Where this is called there may be a runtime already.
    std::thread::spawn(move || runtime.block_on(clean)).join().unwrap();
}

/// A corner of the shared server: a prefix, whose streams are deleted at the end.
pub(crate) struct Corner {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

impl Corner {
    pub(crate) fn new() -> Option<Self> {
        Some(Self { url: shared()?, prefix: fresh_prefix() })
    }

    pub(crate) fn nats(&self) -> Nats {
        Nats::new(self.url.clone()).prefix(&self.prefix)
    }

    pub(crate) fn stream(&self) -> String {
        self.prefix.to_uppercase()
    }

    /// The bare client.
    pub(crate) async fn client(&self) -> async_nats::Client {
        async_nats::connect(&self.url).await.unwrap()
    }

    /// The bare client's JetStream.
    pub(crate) async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(self.client().await)
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        clean(&self.url, &self.prefix);
    }
}

/// A server process of a test's own, with its files.
pub(crate) struct Own {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    more: Vec<String>,
    process: Mutex<Option<Child>>,
}

impl Own {
    /// Starts a server with JetStream, if its program is there.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        Self::plain(&[&["-js"], more].concat())
    }

    /// Starts a server without it.
    pub(crate) fn plain(more: &[&str]) -> Option<Self> {
        let program = program()?;
        let folder = std::env::temp_dir().join(format!("anywise-nats-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let more = more.iter().map(|&option| option.to_owned()).collect();
        let own = Self { program, folder, address, more, process: Mutex::default() };
        own.resume();
        Some(own)
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Sends its process a signal, such as `STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.lock().unwrap().as_ref().map(Child::id).unwrap();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts the process again, on the files of the one before.
    pub(crate) fn resume(&self) {
        let mut command = Command::new(&self.program);
        command.args(["-a", "127.0.0.1", "-p", &self.address.port().to_string(), "-sd"]);
        command.arg(&self.folder).args(&self.more);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        *self.process.lock().unwrap() = Some(process);
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < until, "the server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.kill();
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("ANYWISE_NATS_SERVER").map(PathBuf::from);
    let usual =
        || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/anywise/nats/2.15.1/bin/nats-server"));
    let program = named.or_else(usual).filter(|path| path.exists());
    if program.is_none() {
        missing("there is no program of a NATS server (ANYWISE_NATS_SERVER)");
    }
    program
}
