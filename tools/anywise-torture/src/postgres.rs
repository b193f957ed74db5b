//! A Postgres of our own: in a folder of its own, on a free port, for this run.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AnyConnection, Connection as _};
use tokio::process::Command;

use crate::Result;

/// Commits transactions that do nothing but take their numbers.
const NUMBERS: &str = "DO 'BEGIN FOR n IN 1..200 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END'";

/// A running server.
pub(crate) struct Server {
    dir: PathBuf,
    tools: PathBuf,
    port: u16,
    databases: AtomicU64,
}

impl Server {
    /// Makes and starts a server below `dir`.
    ///
    /// # Errors
    /// That Postgres is not installed, or does not start.
    pub(crate) async fn start(dir: &Path) -> Result<Self> {
        let tools =
            tools().ok_or("Postgres is not installed: there is no /usr/lib/postgresql/*/bin/initdb")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Self { dir: dir.join("postgres"), tools, port, databases: AtomicU64::new(0) };
        std::fs::create_dir_all(&server.dir)?;
        if is_root() {
            run(Command::new("chown").arg("postgres:postgres").arg(&server.dir)).await?;
        }
        let data = server.data();
        run(server.tool("initdb").args(["-U", "postgres", "-A", "trust", "-N", "-D"]).arg(&data)).await?;
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = on\n\
             max_connections = 200\nshared_buffers = 64MB\nlog_min_messages = fatal\n"
        );
        let own = server.dir.join("own.conf");
        std::fs::write(&own, settings)?;
        server.control("start", &[]).await?;
        Ok(server)
    }

    /// A new, empty database; its URL.
    pub(crate) async fn database(&self) -> Result<String> {
        let name = format!("torture{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let mut connection = self.admin().await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        Ok(format!("postgres://postgres@127.0.0.1:{}/{name}", self.port))
    }

    /// Ends one connection to the database of `url`; says whether there was one.
    pub(crate) async fn terminate(&self, url: &str) -> Result<bool> {
        let name = url.rsplit('/').next().unwrap_or_default();
        let query = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = $1 \
                     AND pid <> pg_backend_pid() ORDER BY (state = 'active') DESC, random() LIMIT 1) AS one";
        let mut connection = self.admin().await?;
        let count: i64 = sqlx::query_scalar(query).bind(name).fetch_one(&mut connection).await?;
        Ok(count > 0)
    }

    /// New sessions of the database of `url` wait before they write a commit down,
    /// so that a crash finds some that are not.
    pub(crate) async fn commit_late(&self, url: &str) -> Result<()> {
        let name = url.rsplit('/').next().unwrap_or_default();
        let mut connection = self.admin().await?;
        for setting in ["commit_delay = 20000", "commit_siblings = 0"] {
            let query = format!("ALTER DATABASE {name} SET {setting}");
            sqlx::query(sqlx::AssertSqlSafe(query)).execute(&mut connection).await?;
        }
        Ok(())
    }

    /// Sessions that stay in a transaction and do nothing.
    pub(crate) async fn idle_in_transaction(&self, url: &str) -> Result<i64> {
        let name = url.rsplit('/').next().unwrap_or_default();
        let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state LIKE 'idle in transaction%' \
                     AND state_change < now() - interval '1 second'";
        Ok(sqlx::query_scalar(query).bind(name).fetch_one(&mut self.admin().await?).await?)
    }

    /// Stops without any order, and recovers; then the numbers of transactions
    /// that were under way are those of others, which commit.
    pub(crate) async fn crash(&self) -> Result<()> {
        self.control("stop", &["-m", "immediate"]).await?;
        self.control("start", &[]).await?;
        sqlx::query(NUMBERS).execute(&mut self.admin().await?).await?;
        Ok(())
    }

    /// Stops for good.
    pub(crate) async fn stop(&self) -> Result<()> {
        self.control("stop", &["-m", "immediate"]).await
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        std::net::SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    async fn admin(&self) -> Result<AnyConnection> {
        Ok(AnyConnection::connect(&format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)).await?)
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    async fn control(&self, what: &str, more: &[&str]) -> Result<()> {
        let mut tool = self.tool("pg_ctl");
        tool.arg(what).arg("-D").arg(self.data()).args(["-w", "-t", "30"]).args(more);
        if what == "start" {
            let own = self.dir.join("own.conf");
            std::fs::copy(&own, self.data().join("postgresql.auto.conf"))?;
            tool.arg("-l").arg(self.dir.join("server.log"));
        }
        run(&mut tool).await
    }

    /// One of its tools, as a user who may run it.
    fn tool(&self, name: &str) -> Command {
        let path = self.tools.join(name);
        if !is_root() {
            return Command::new(path);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
        command.current_dir("/");
        command
    }
}

fn tools() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

async fn run(command: &mut Command) -> Result<()> {
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let status = command.status().await.map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
