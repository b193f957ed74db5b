//! A NATS server of one's own.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Process, free_port, skip};

/// A NATS server of one's own, with its files.
///
/// The program is that of `ANYWISE_NATS_SERVER`, else where the checks of the
/// project put it.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    /// It goes with the server.
    folder: Option<TempDir>,
}

impl NatsServer {
    /// Starts one that keeps streams, with more options; none, and a word about it,
    /// if there is no program.
    ///
    /// # Panics
    /// If there is no program and `nats` is required, or it does not start.
    #[track_caller]
    pub fn start(more: &[&str]) -> Option<Self> {
        Self::plain(&[&["-js"], more].concat())
    }

    /// The same, where what it has confirmed is on the disk.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn durable() -> Option<Self> {
        let folder = folder();
        let settings = folder.path().join("server.conf");
        std::fs::write(&settings, "jetstream { sync_interval: always }").expect("it can be written");
        Self::run(folder.path(), &["-c", &settings.to_string_lossy()]).map(|server| server.with(folder))
    }

    /// One without streams.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn plain(more: &[&str]) -> Option<Self> {
        let folder = folder();
        Self::run(folder.path(), more).map(|server| server.with(folder))
    }

    /// One whose files, its log among them, are in a folder that stays.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn at(folder: &Path) -> Option<Self> {
        Self::run(folder, &["-js", "-l", &folder.join("server.log").to_string_lossy()])
    }

    fn with(mut self, folder: TempDir) -> Self {
        self.folder = Some(folder);
        self
    }

    #[track_caller]
    fn run(folder: &Path, more: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            skip("nats", "there is no program of a NATS server (ANYWISE_NATS_SERVER)");
            return None;
        };
        let port = free_port();
        let process = Process::start(program, arguments(folder, port, more), port);
        Some(Self { process: process.expect("the server starts"), folder: None })
    }

    /// Where it listens, as the transport wants it.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }
}

impl Deref for NatsServer {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn arguments(folder: &Path, port: u16, more: &[&str]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-a", "127.0.0.1", "-p"].map(Into::into).into();
    arguments.extend([port.to_string().into(), "-sd".into(), folder.join("jetstream").into_os_string()]);
    arguments.extend(more.iter().map(Into::into));
    arguments
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("ANYWISE_NATS_SERVER").map(PathBuf::from);
    let usual =
        || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/anywise/nats/2.15.1/bin/nats-server"));
    named.or_else(usual).filter(|path| path.exists())
}
