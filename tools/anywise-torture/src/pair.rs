//! Two applications, each with a database of its own, and a broker between
//! them.
//!
//! ```text
//! client ─► near: row + outbox ─► broker ─► far: inbox ─► effects of two groups
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Row as _};

use crate::Result;
use crate::across::{self, Arrived, GROUPS};
use crate::check::Violation;
use crate::evidence::Dead;
use crate::jobs::Plan;
use crate::load::{Load, Shape};
use crate::node::Node;
use crate::rig::{Rig, letters, sqlite_url};
use crate::seed::Seed;

/// Everything has to have arrived so long after the last fault.
const DRAINED: Duration = Duration::from_secs(10);
/// After so long what has not arrived is lost.
const LOST: Duration = Duration::from_secs(25);
/// Planted bugs of the side that publishes; all others are of the other side.
const NEAR_BUGS: &[&str] = &["mark_before_publish", "sink_without_order"];

/// The two sides.
pub(crate) struct Pair {
    pub(crate) near: Rig,
    pub(crate) far: Rig,
    load: Load,
}

/// What has become of it.
pub(crate) struct Outcome {
    pub(crate) violations: Vec<Violation>,
    /// Rows that were to arrive.
    pub(crate) rows: usize,
    /// How long the last of them took after the last fault.
    pub(crate) drained: Duration,
}

impl Pair {
    /// Starts both sides and a client of the near one, each with its own way to
    /// the broker.
    pub(crate) async fn open(plan: &Plan, name: &str, near: SocketAddr, far: SocketAddr) -> Result<Self> {
        let near = side(plan, name, "near", "torture", near)?;
        let far = side(plan, name, "far", "far,yonder", far)?;
        far.up(0).await?;
        near.up(0).await?;
        let shape =
            Shape { rest: Duration::from_millis(40), poison: false, replay: false, ..Shape::default() };
        let load = Load::start(&near.cluster, &near.history, &plan.seed(name), shape, 0);
        Ok(Self { near, far, load })
    }

    /// Kills one side, and starts it again.
    pub(crate) async fn kill(&self, seed: &mut Seed) -> Result<()> {
        let (rig, name) = if seed.chance(50) { (&self.near, "kill near") } else { (&self.far, "kill far") };
        self.near.history.nemesis(name);
        rig.kill(0).await;
        rig.up(0).await.map(drop)
    }

    /// After the last fault: waits until everything has arrived, and compares.
    pub(crate) async fn close(self) -> Result<Outcome> {
        let began = Instant::now();
        self.load.stop().await;
        let arrived = arrival(&self.near, &self.far, began).await?;
        let drained = began.elapsed();
        let node = self.far.cluster.get(0).ok_or("the far side is not there")?;
        let dead: Vec<Dead> = letters(&node).await?;
        self.far.look(&node);
        node.stop().await?;
        let mut violations = self.near.finish().await?;
        let rows = crate::rig::rows(&sqlite_url(&self.near.dir.join("torture.db")), true).await?.business;
        violations.extend(across::check(&rows, &effects(&self.far).await?, &dead));
        if !arrived || drained > DRAINED {
            let what =
                format!("not everything has arrived {:.1} s after the last fault", drained.as_secs_f64());
            violations.push(Violation { invariant: "I6", what });
        }
        Ok(Outcome { violations, rows: rows.len(), drained })
    }
}

fn side(plan: &Plan, name: &str, side: &str, slices: &str, broker: SocketAddr) -> Result<Rig> {
    let mut rig = Rig::new(&plan.folder(name).join(side), None, 1)?;
    let url = format!("nats://{broker}");
    rig.spec.more = ["--slices", slices, "--nats", &url].map(str::to_owned).to_vec();
    rig.hurried = true;
    let bug = plan.mutant.as_deref().filter(|bug| NEAR_BUGS.contains(bug) == (side == "near"));
    if let Some(bug) = bug {
        rig.spec = rig.spec.env("AW_MUTANT", bug);
    }
    Ok(rig)
}

/// Waits until every row has arrived in every group and nothing is left to do;
/// says whether it has come to that.
async fn arrival(near: &Rig, far: &Rig, began: Instant) -> Result<bool> {
    let mut counts = (Count::open(near).await?, Count::open(far).await?);
    let nodes = (near.cluster.get(0), far.cluster.get(0));
    let (Some(one), Some(other)) = nodes else { return Err("a side is not there".into()) };
    while began.elapsed() < LOST {
        let idle = is_idle(&one).await? && is_idle(&other).await?;
        let rows = counts.0.of("business").await?;
        let mut all = idle;
        for group in GROUPS {
            all &= counts.1.of(&format!("{group}_effect")).await? >= rows;
        }
        if all {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(false)
}

/// Nothing waits in the store of a node.
async fn is_idle(node: &Node) -> Result<bool> {
    let asked = tokio::time::timeout(DRAINED, node.call(json!({"op": "depth"}))).await;
    let answer = asked.ok().flatten().ok_or("the node does not say what it holds")?;
    let depth = answer["d"].as_object().ok_or("no depth")?;
    Ok(depth.iter().all(|(name, count)| name == "dead" || count == &json!(0)))
}

/// Counts rows of a database that is in use.
struct Count(AnyConnection);

impl Count {
    async fn open(rig: &Rig) -> Result<Self> {
        Ok(Self(AnyConnection::connect(&sqlite_url(&rig.dir.join("torture.db"))).await?))
    }

    async fn of(&mut self, table: &str) -> Result<i64> {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        Ok(sqlx::query_scalar(query).fetch_one(&mut self.0).await?)
    }
}

/// What the groups of the far side wrote.
async fn effects(far: &Rig) -> Result<Vec<Arrived>> {
    let mut connection = AnyConnection::connect(&sqlite_url(&far.dir.join("torture.db"))).await?;
    let mut arrived = Vec::new();
    for group in GROUPS {
        let query = format!("SELECT n, id, k, seq, amount FROM {group}_effect ORDER BY n");
        for row in sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&mut connection).await? {
            arrived.push(Arrived {
                group,
                n: row.try_get(0)?,
                id: row.try_get(1)?,
                key: row.try_get(2)?,
                seq: row.try_get(3)?,
                amount: row.try_get(4)?,
            });
        }
    }
    connection.close().await?;
    Ok(arrived)
}
