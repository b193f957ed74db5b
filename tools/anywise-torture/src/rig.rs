//! One store, the nodes on it, their client and what they leave: a run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, Row as _};

use crate::Result;
use crate::check::{Violation, check};
use crate::evidence::{Balance, Business, Dead, Effect, Evidence, Gauges, Left};
use crate::history::History;
use crate::load::Cluster;
use crate::node::{Node, Spec};

/// So long after the last fault, or after the last time that fewer were left,
/// everything has to be drained: how fast is the disk's affair.
const DRAINED: Duration = Duration::from_secs(10);
/// And so long at the most.
const LONGEST: Duration = Duration::from_secs(60);

/// A run.
pub(crate) struct Rig {
    pub(crate) dir: PathBuf,
    pub(crate) history: Arc<History>,
    pub(crate) cluster: Arc<Cluster>,
    /// How its nodes are started.
    pub(crate) spec: Spec,
    gauges: Mutex<Gauges>,
    /// Nodes are killed so often that innocent messages may be suspected of it.
    pub(crate) hurried: bool,
    suspected: AtomicU64,
}

impl Rig {
    /// An empty run in `dir`, on Postgres if there is a URL.
    pub(crate) fn new(dir: &Path, postgres: Option<String>, nodes: usize) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let history = Arc::new(History::new(Some(&dir.join("history.jsonl")))?);
        let spec = Spec { dir: dir.to_owned(), postgres, ..Spec::default() };
        let (cluster, gauges, suspected) = (Cluster::new(nodes), Mutex::default(), AtomicU64::new(0));
        Ok(Self { dir: dir.to_owned(), history, cluster, spec, gauges, hurried: false, suspected })
    }

    /// How node `index` is started.
    pub(crate) fn spec(&self, index: usize) -> Spec {
        Spec { node: i64::try_from(index).expect("few nodes"), ..self.spec.clone() }
    }

    /// Starts node `index` and waits until it is ready.
    pub(crate) async fn up(&self, index: usize) -> Result<Arc<Node>> {
        self.up_as(index, &self.spec(index)).await
    }

    /// The same, started as `spec` says.
    pub(crate) async fn up_as(&self, index: usize, spec: &Spec) -> Result<Arc<Node>> {
        let node = Node::start(spec)?;
        let ready = tokio::time::timeout(Duration::from_secs(20), node.ready());
        ready.await.map_err(|_| "it does not become ready")??;
        self.cluster.set(index, Some(Arc::clone(&node)));
        Ok(node)
    }

    /// Kills node `index` and waits until it is gone.
    pub(crate) async fn kill(&self, index: usize) {
        let Some(node) = self.cluster.get(index) else { return };
        self.look(&node);
        self.cluster.set(index, None);
        node.kill();
        node.wait().await;
    }

    /// Notes what a node holds.
    pub(crate) fn look(&self, node: &Node) {
        let mut gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        *gauges = gauges.max(node.gauges());
    }

    /// Waits until nothing waits any more, or too long; says what is left.
    async fn drain(&self, node: &Node) -> Result<Left> {
        let (began, mut fewer, mut fewest) = (Instant::now(), Instant::now(), u64::MAX);
        loop {
            let answer = tokio::time::timeout(DRAINED, node.call(json!({"op": "depth"}))).await;
            let answer = answer.ok().flatten().ok_or("the node does not say what it holds")?;
            let left = left(&answer["d"]);
            let known = answer["r"] == "ok";
            if known && left.count() < fewest {
                (fewer, fewest) = (Instant::now(), left.count());
            }
            if known && left.is_empty() || fewer.elapsed() > DRAINED || began.elapsed() > LONGEST {
                return if known { Ok(left) } else { Err(format!("no depth: {answer}").into()) };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Heals, drains, stops and checks; then cures the poison, replays it and
    /// checks again.
    pub(crate) async fn finish(&self) -> Result<Vec<Violation>> {
        let found = self.settle(false).await?;
        let entries = self.history.entries();
        let mut violations = check(&entries, &found);
        if violations.is_empty() && !found.dead.is_empty() {
            violations = check(&entries, &self.settle(true).await?);
        }
        Ok(violations)
    }

    /// Brings node 0 up, drains, looks, and stops all.
    pub(crate) async fn settle(&self, cured: bool) -> Result<Evidence> {
        for index in 1..self.cluster.len() {
            self.stop(index).await?;
        }
        let running = self.cluster.get(0).filter(|node| !node.has_ended() && !cured);
        let node = match running {
            Some(node) => node,
            None => self.up_as(0, &Spec { cured, ..self.spec(0) }).await?,
        };
        if cured {
            node.call(json!({"op": "replay"})).await.ok_or("no replay")?;
        }
        let mut left = self.drain(&node).await?;
        let mut dead = letters(&node).await?;
        while self.hurried && self.rehabilitate(&node, &dead).await {
            left = self.drain(&node).await?;
            dead = letters(&node).await?;
        }
        self.look(&node);
        drop(node);
        self.stop(0).await?;
        let gauges = *self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Evidence { dead, left, gauges, cured, ..self.rows().await? })
    }

    /// Replays what was given up because processes ended: they were killed, and
    /// it had no part in that. Says whether there was any.
    async fn rehabilitate(&self, node: &Node, dead: &[Dead]) -> bool {
        let mut any = false;
        for innocent in dead.iter().filter(|dead| dead.reason.starts_with("AW2500")) {
            any = true;
            self.suspected.fetch_add(1, Ordering::Relaxed);
            node.call(json!({"op": "replay", "id": innocent.id})).await;
        }
        any
    }

    /// How many were suspected and are innocent.
    pub(crate) fn suspected(&self) -> u64 {
        self.suspected.load(Ordering::Relaxed)
    }

    async fn stop(&self, index: usize) -> Result<()> {
        let Some(node) = self.cluster.get(index) else { return Ok(()) };
        self.cluster.set(index, None);
        if node.has_ended() { Ok(()) } else { node.stop().await }
    }

    /// What the tables hold.
    async fn rows(&self) -> Result<Evidence> {
        let mut found = match &self.spec.postgres {
            Some(url) => rows(url, false).await?,
            None => rows(&sqlite_url(&self.dir.join("torture.db")), true).await?,
        };
        for file in std::fs::read_dir(&self.dir)? {
            let path = file?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("epochs-")) {
                for line in std::fs::read_to_string(&path)?.lines() {
                    found.grant(line);
                }
            }
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("loose-")) {
                for id in std::fs::read_to_string(path)?.lines() {
                    *found.loose.entry(id.to_owned()).or_default() += 1;
                }
            }
        }
        Ok(found)
    }
}

/// How sqlx names a file.
pub(crate) fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn left(depth: &Value) -> Left {
    let number = |name: &str| depth[name].as_u64().unwrap_or_default();
    Left {
        ready: number("ready"),
        claimed: number("claimed"),
        blocked: number("blocked"),
        retrying: number("retrying"),
        scheduled: number("scheduled"),
    }
}

pub(crate) async fn letters(node: &Node) -> Result<Vec<Dead>> {
    let answer = node.call(json!({"op": "dead"})).await.ok_or("no dead letters")?;
    Ok(answer["d"].as_array().ok_or("no dead letters")?.iter().map(letter).collect())
}

fn letter(letter: &Value) -> Dead {
    let text = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
    let missing = letter["missing"].as_str().map(str::to_owned);
    Dead { id: text("id"), target: text("target"), reason: text("reason"), missing }
}

/// Reads the tables that the application wrote.
pub(crate) async fn rows(url: &str, sqlite: bool) -> Result<Evidence> {
    let mut connection = AnyConnection::connect(url).await?;
    let mut found = Evidence::default();
    if sqlite {
        let said: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await?;
        found.damage = (said != "ok").then_some(said);
    }
    let query = "SELECT n, consumer, id, k, seq, amount, at, epoch FROM effect ORDER BY n";
    for row in sqlx::query(query).fetch_all(&mut connection).await? {
        found.effects.push(Effect {
            n: row.try_get(0)?,
            consumer: row.try_get(1)?,
            id: row.try_get(2)?,
            key: row.try_get(3)?,
            seq: row.try_get(4)?,
            amount: row.try_get(5)?,
            at: row.try_get(6)?,
            epoch: row.try_get(7)?,
        });
    }
    for row in sqlx::query("SELECT id, k, seq, amount FROM business").fetch_all(&mut connection).await? {
        let (id, key, seq, amount) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        found.business.push(Business { id, key, seq, amount });
    }
    for row in sqlx::query("SELECT consumer, k, n, total FROM balance").fetch_all(&mut connection).await? {
        let (consumer, key, n, total) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        found.balances.push(Balance { consumer, key, n, total });
    }
    connection.close().await?;
    Ok(found)
}
