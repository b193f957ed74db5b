//! A NATS server of a test's own, which may die.

use std::path::PathBuf;
use std::process::Stdio;

use shop::Scratch;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Duration, Instant, sleep};

use crate::client::PATIENCE;

/// The server: its process comes and goes, its files and its address stay.
pub(crate) struct Broker {
    program: PathBuf,
    files: Scratch,
    port: u16,
    process: Child,
}

impl Broker {
    /// Starts one, if its program is here; says so if it is not, and fails if it
    /// is required.
    pub(crate) async fn start() -> Option<Self> {
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
        let program = std::env::var_os("ANYWISE_NATS_SERVER")
            .map_or_else(|| home().join(".cache/anywise/nats/2.15.1/bin/nats-server"), PathBuf::from);
        if !program.exists() {
            let required = std::env::var("ANYWISE_REQUIRE").unwrap_or_default();
            assert!(
                !required.split(',').any(|one| one.trim() == "nats"),
                "there is no {}",
                program.display()
            );
            eprintln!("SKIPPED over a NATS of its own: there is no {}", program.display());
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let (files, port) = (Scratch::new(), listener.local_addr().expect("it is bound").port());
        drop(listener);
        let process = run(&program, &files, port).await;
        Some(Self { program, files, port, process })
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it where it stands, and starts it again on its files.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.expect("it runs");
        self.process = run(&self.program, &self.files, self.port).await;
    }
}

/// Starts the program, and waits until it takes connections.
async fn run(program: &PathBuf, files: &Scratch, port: u16) -> Child {
    let mut command = Command::new(program);
    // Each message is on the disk before it is confirmed.
    std::fs::create_dir_all(files.path()).expect("there is room for a folder");
    let settings = files.path().join("server.conf");
    std::fs::write(&settings, "jetstream { sync_interval: always }").expect("it can be written");
    command.arg("-c").arg(settings).args(["-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]);
    command.arg(files.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let process = command.kill_on_drop(true).spawn().expect("the program starts");
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "the NATS server does not answer");
        sleep(Duration::from_millis(10)).await;
    }
    process
}
