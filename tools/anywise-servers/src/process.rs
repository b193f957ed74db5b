//! A server's process: it comes and goes, its address stays.

use std::ffi::OsString;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a server may take to listen, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port of this host that nobody listens at.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("there is a free port").port()
}

/// A server's process; it is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    program: PathBuf,
    arguments: Vec<OsString>,
    address: SocketAddr,
    child: Mutex<Option<Child>>,
}

impl Process {
    /// Starts a program that will listen at a port of this host, and waits until it
    /// does.
    ///
    /// # Errors
    /// That it cannot be started, or does not listen within 20 s.
    pub fn start(program: impl Into<PathBuf>, arguments: Vec<OsString>, port: u16) -> io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let process = Self { program: program.into(), arguments, address, child: Mutex::default() };
        process.resume()?;
        Ok(process)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it where it stands, as a crash would.
    pub fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Ends it in order, and waits until it has ended.
    ///
    /// # Panics
    /// If it does not run.
    pub fn stop(&self) {
        self.signal("TERM");
        let child = self.child().take();
        drop(child.expect("it runs").wait());
    }

    /// Starts it again, on the files of the one before, and waits until it listens.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn resume(&self) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        *self.child() = Some(command.spawn()?);
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            if Instant::now() > until {
                let why = format!("{} does not listen at {}", self.program.display(), self.address);
                return Err(io::Error::new(io::ErrorKind::TimedOut, why));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Sends it a signal, such as `STOP` or `CONT`.
    ///
    /// # Panics
    /// If it does not run, or cannot be sent one.
    pub fn signal(&self, signal: &str) {
        let id = self.child().as_ref().map(Child::id).expect("it runs");
        let sent = Command::new("kill").args([format!("-{signal}"), id.to_string()]).status();
        assert!(sent.expect("there is a `kill`").success(), "no {signal} to {id}");
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
