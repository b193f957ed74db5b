//! A child process: started, spoken to, stopped and killed by its parent.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};

use crate::Result;
use crate::evidence::Gauges;

/// How a child is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    pub(crate) dir: PathBuf,
    pub(crate) postgres: Option<String>,
    pub(crate) node: i64,
    pub(crate) pages: Option<u32>,
    pub(crate) cured: bool,
    /// More options.
    pub(crate) more: Vec<String>,
    /// Set in its environment.
    pub(crate) env: Vec<(String, String)>,
}

impl Spec {
    /// The same with one more variable.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sut").arg("--dir").arg(&self.dir).arg("--node").arg(self.node.to_string());
        if let Some(url) = &self.postgres {
            command.arg("--postgres").arg(url);
        }
        if let Some(pages) = self.pages {
            command.arg("--pages").arg(pages.to_string());
        }
        if self.cured {
            command.arg("--cured");
        }
        command.args(&self.more);
        command.envs(self.env.iter().cloned());
        Ok(command)
    }
}

type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// A child that has been started.
pub(crate) struct Node {
    pub(crate) pid: Pid,
    spec: Spec,
    calls: AtomicU64,
    pending: Pending,
    lines: mpsc::UnboundedSender<String>,
    ended: watch::Receiver<Option<String>>,
    ready: watch::Receiver<bool>,
}

impl Node {
    /// Starts a child; it is not yet ready.
    pub(crate) fn start(spec: &Spec) -> Result<Arc<Self>> {
        std::fs::create_dir_all(&spec.dir)?;
        let log = spec.dir.join(format!("node-{}.log", spec.node));
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut command = spec.command()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn()?;
        let pid =
            child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).ok_or("the child has no id")?;
        let pending = Pending::default();
        let (lines, mut outgoing) = mpsc::unbounded_channel::<String>();
        let (is_ready, ready) = watch::channel(false);
        let (is_ended, ended) = watch::channel(None);
        let mut stdin = child.stdin.take().ok_or("no input")?;
        tokio::spawn(async move {
            while let Some(line) = outgoing.recv().await {
                if stdin.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let stdout = child.stdout.take().ok_or("no output")?;
        let waiting = Arc::clone(&pending);
        tokio::spawn(async move {
            let mut answers = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = answers.next_line().await {
                let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
                if answer.get("ready").is_some() {
                    let _ = is_ready.send(true);
                }
                let number = answer["c"].as_u64().unwrap_or(u64::MAX);
                if let Some(waiting) = take(&waiting, number) {
                    let _ = waiting.send(answer);
                }
            }
            end(child, &waiting, &is_ended).await;
        });
        let calls = AtomicU64::new(0);
        Ok(Arc::new(Self { pid, spec: spec.clone(), calls, pending, lines, ended, ready }))
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// That it ended before, with how.
    pub(crate) async fn ready(&self) -> Result<()> {
        let (mut ready, mut ended) = (self.ready.clone(), self.ended.clone());
        tokio::select! {
            ready = ready.wait_for(|ready| *ready) => if ready.is_ok() { return Ok(()) },
            _ = ended.wait_for(Option::is_some) => {}
        }
        Err(format!("node {} ended before it was ready: {}", self.spec.node, self.wait().await).into())
    }

    /// Asks; none if the child ended before it answered.
    pub(crate) async fn call(&self, mut request: Value) -> Option<Value> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        request["c"] = json!(number);
        let (answer, answered) = oneshot::channel();
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(number, answer);
        if self.has_ended() || self.lines.send(format!("{request}\n")).is_err() {
            take(&self.pending, number);
        }
        answered.await.ok()
    }

    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if !self.has_ended() {
            let _ = kill_process(self.pid, signal);
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Waits until it has ended; says how.
    pub(crate) async fn wait(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(how) => how.clone().unwrap_or_default(),
            Err(_) => "gone".to_owned(),
        }
    }

    /// Waits until it has ended, at most so long; says whether it has.
    pub(crate) async fn wait_for(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.wait()).await.is_ok()
    }

    /// Stops it in order.
    pub(crate) async fn stop(&self) -> Result<()> {
        let stopping = self.call(json!({"op": "stop"}));
        let answer =
            tokio::time::timeout(Duration::from_secs(10), stopping).await.map_err(|_| "it does not stop")?;
        answer.ok_or("it ended before it stopped")?;
        if !self.wait_for(Duration::from_secs(5)).await {
            self.kill();
            return Err("it stopped and did not end".into());
        }
        Ok(())
    }

    /// What it holds at this moment.
    pub(crate) fn gauges(&self) -> Gauges {
        let proc = format!("/proc/{}", self.pid.as_raw_nonzero());
        let status = std::fs::read_to_string(format!("{proc}/status")).unwrap_or_default();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default()
        };
        let fds = std::fs::read_dir(format!("{proc}/fd")).map_or(0, Iterator::count);
        let wal = std::fs::metadata(self.spec.dir.join("torture.db-wal")).map_or(0, |file| file.len());
        Gauges {
            rss_mib: number("VmRSS:") / 1024,
            fds: fds as u64,
            threads: number("Threads:"),
            wal_mib: wal >> 20,
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn take(pending: &Pending, number: u64) -> Option<oneshot::Sender<Value>> {
    pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
}

/// After the last line: nobody is answered any more.
async fn end(mut child: Child, pending: &Pending, ended: &watch::Sender<Option<String>>) {
    let how = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
    let _ = ended.send(Some(how));
    pending.lock().unwrap_or_else(PoisonError::into_inner).clear();
}
