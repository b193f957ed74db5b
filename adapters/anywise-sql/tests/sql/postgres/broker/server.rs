//! A server of a test's own, in a directory of its own; it ends with the value.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anywise_core::{Error, Kind, Result};

#[derive(Debug)]
pub(super) struct Server {
    dir: PathBuf,
    tools: PathBuf,
    port: u16,
}

impl Server {
    /// Makes and starts one.
    pub(super) fn start() -> Result<Self> {
        let tools = tools().ok_or_else(|| failed("there is no `initdb`"))?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        drop(listener);
        let dir = std::env::temp_dir().join(format!("anywise-broker-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&dir).expect("the temporary directory can be written");
        let server = Self { dir, tools, port };
        if is_root() {
            run(Command::new("chown").arg("postgres:postgres").arg(&server.dir))?;
        }
        run(server.tool("initdb").args(["-U", "postgres", "-A", "trust", "-N", "-D"]).arg(server.data()))?;
        server.begin()?;
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it without any order.
    pub(super) fn kill(&self) {
        let mut stop = self.tool("pg_ctl");
        // It may have ended already.
        drop(run(stop.arg("stop").arg("-D").arg(self.data()).args(["-w", "-m", "immediate"])));
    }

    /// Starts it with what it had, and waits until it answers.
    pub(super) fn begin(&self) -> Result<()> {
        let settings = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=32MB",
            self.port
        );
        let mut start = self.tool("pg_ctl");
        start.arg("start").arg("-D").arg(self.data()).args(["-w", "-t", "60", "-o", &settings]);
        run(start.arg("-l").arg(self.dir.join("server.log")))
    }

    /// Has its processes stand still, or go on.
    pub(super) fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        let pid = pid.lines().next().expect("the number comes first");
        let children =
            Command::new("ps").args(["-o", "pid=", "--ppid", pid]).output().expect("there is a `ps`");
        let children = String::from_utf8(children.stdout).expect("numbers are text");
        let all = children.split_whitespace().chain([pid]);
        run(Command::new("kill").arg(format!("-{signal}")).args(all)).expect("they are ours");
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// One of its tools, as a user who may run it.
    fn tool(&self, name: &str) -> Command {
        let path = self.tools.join(name);
        if !is_root() {
            return Command::new(path);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path).current_dir("/");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// Whether a server can be started here at all; says what is skipped if not.
///
/// # Panics
/// If it cannot, and is required.
pub(super) fn possible(test: &str) -> bool {
    let possible = tools().is_some();
    if !possible {
        anywise_servers::skip("postgres", format!("{test}: there is no `initdb`"));
    }
    possible
}

fn tools() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let bins = versions.map(|version| version.path().join("bin"));
    bins.filter(|bin: &PathBuf| Path::exists(&bin.join("initdb"))).max()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        result => Err(failed(format!("{command:?}: {result:?}"))),
    }
}

fn failed(text: impl Into<String>) -> Error {
    Error::new(Kind::Unavailable, "test", text.into())
}
