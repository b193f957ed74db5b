//! A NATS server of our own: its files in the run's folder, on a free port.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Result;

/// How long it may take to answer after it was started.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server: its process comes and goes, its files and its address stay.
pub(crate) struct Broker {
    program: PathBuf,
    dir: PathBuf,
    address: SocketAddr,
    process: Option<Child>,
}

impl Broker {
    /// Starts a server with its files in `dir`; none if its program is not here.
    ///
    /// # Errors
    /// That the program is not here and `ANYWISE_REQUIRE` names it, or that it
    /// does not start.
    pub(crate) async fn start(dir: &Path) -> Result<Option<Self>> {
        let Some(program) = program()? else { return Ok(None) };
        std::fs::create_dir_all(dir)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut broker = Self { program, dir: dir.to_owned(), address, process: None };
        broker.resume().await?;
        Ok(Some(broker))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the process as a crash would.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill().await;
        }
    }

    /// Starts the process again on the files of the one before; ready when it
    /// takes connections.
    pub(crate) async fn resume(&mut self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["-js", "-a", "127.0.0.1", "-p", &self.address.port().to_string()]);
        command.arg("-sd").arg(self.dir.join("jetstream")).arg("-l").arg(self.dir.join("server.log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        self.process = Some(command.spawn()?);
        let began = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            if began.elapsed() > PATIENCE {
                return Err("the NATS server does not start".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Lets it stand still, or go on.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.process.as_ref().and_then(Child::id);
        if let Some(pid) = id.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// The server's program; none if it is not here and need not be.
fn program() -> Result<Option<PathBuf>> {
    let named = std::env::var_os("ANYWISE_NATS_SERVER").map(PathBuf::from);
    let usual =
        || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/anywise/nats/2.15.1/bin/nats-server"));
    let program = named.or_else(usual).filter(|path| path.exists());
    let required = std::env::var("ANYWISE_REQUIRE").unwrap_or_default();
    if program.is_none() && required.split(',').any(|name| name.trim() == "nats") {
        return Err("there is no program of a NATS server (ANYWISE_NATS_SERVER), and it is required".into());
    }
    Ok(program)
}
