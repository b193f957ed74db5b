//! A broker of a test's own, in a folder of its own, that may be killed.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anywise::new_id;
use anywise_servers::{free_port, skip};

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// How long a broker may take to start, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(180);

/// A broker that is killed when it is dropped.
pub(crate) struct Own {
    folder: PathBuf,
    name: String,
    port: u16,
    process: Mutex<Option<Child>>,
}

impl Own {
    /// Starts one, if it is installed; `more` is added to its configuration.
    pub(crate) fn start(more: impl FnOnce(&Path) -> String) -> Option<Self> {
        if !Path::new(SERVER).exists() {
            skip("rabbitmq", format!("there is no {SERVER}"));
            return None;
        }
        let name = format!("t{}", new_id().simple());
        let folder = std::env::temp_dir().join(&name);
        fs::create_dir_all(&folder).unwrap();
        let own = Self { folder, name, port: free_port(), process: Mutex::new(None) };
        let more = more(&own.folder);
        // The least free disk and memory that count as an alarm: the tests write little.
        let configuration = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\ndisk_free_limit.absolute = 1MB\nmax_message_size = 100000\n{more}",
            own.port
        );
        fs::write(own.folder.join("rabbit.conf"), configuration).unwrap();
        fs::write(own.folder.join("plugins"), "[].").unwrap();
        own.run();
        Some(own)
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    #[cfg(feature = "tls")]
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&self) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut process) = process {
            // The broker is a child of the script; they are a group.
            let group = format!("-{}", process.id());
            Command::new("kill").args(["-9", "--", &group]).status().unwrap();
            process.wait().unwrap();
        }
    }

    /// Waits until the broker has written down where it keeps the queue.
    ///
    /// RabbitMQ 3.10 does so half a second after the queue was declared; what it
    /// has confirmed meanwhile is lost if it is killed, and so is the queue.
    pub(crate) fn remembers(&self, queue: &str) {
        let node = format!("{}@localhost", self.name);
        let names = self.folder.join("data").join(&node).join("quorum").join(&node).join("names.dets");
        let end = Instant::now() + PATIENCE;
        while !holds(&fs::read(&names).unwrap_or_default(), queue) {
            assert!(Instant::now() < end, "the broker does not write `{queue}` down");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn run(&self) {
        let at = |name: &str| self.folder.join(name);
        let log = fs::File::create(at("out")).unwrap();
        let mut command = Command::new(SERVER);
        command
            .process_group(0)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", &self.folder)
            .env("RABBITMQ_NODENAME", format!("{}@localhost", self.name))
            .env("RABBITMQ_DIST_PORT", free_port().to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_MNESIA_BASE", at("data"))
            .env("RABBITMQ_LOG_BASE", at("logs"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"))
            .env("RABBITMQ_CONFIG_FILE", at("rabbit.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", at("no-env.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", at("no-advanced.config"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let child = command.spawn().unwrap();
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let (end, address) = (Instant::now() + PATIENCE, SocketAddr::from(([127, 0, 0, 1], self.port)));
        // It listens last of all.
        while TcpStream::connect(address).is_err() {
            let said = || fs::read_to_string(at("out")).unwrap_or_default();
            assert!(Instant::now() < end, "the broker did not start: {}", said());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.kill();
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Whether a name stands there, as a whole.
fn holds(bytes: &[u8], name: &str) -> bool {
    let ends = |rest: &[u8]| rest.starts_with(name.as_bytes()) && !rest[name.len()..].starts_with(b".dead");
    (0..bytes.len()).any(|at| ends(&bytes[at..]))
}
