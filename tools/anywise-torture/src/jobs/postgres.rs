//! What happens to several nodes and their server.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

use super::{Plan, Report, tidy};
use crate::Result;
use crate::load::{Load, Shape};
use crate::postgres::Server;
use crate::proxy::Proxy;
use crate::rig::Rig;
use crate::seed::Seed;

/// Nodes on one database.
const NODES: usize = 2;

/// A cluster with a client.
struct Scene {
    rig: Rig,
    seed: Seed,
    load: Load,
    server: Arc<Server>,
}

impl Scene {
    async fn open(plan: &Plan, name: &str, nodes: usize) -> Result<Self> {
        Self::open_by(plan, name, nodes, None).await
    }

    /// The same, with nodes that reach the server by `proxy`.
    async fn open_by(plan: &Plan, name: &str, nodes: usize, proxy: Option<&Proxy>) -> Result<Self> {
        let server = plan.server.clone().ok_or("there is no Postgres")?;
        let (mut rig, seed) = (plan.rig(name, true, nodes).await?, plan.seed(name));
        if let (Some(proxy), Some(url)) = (proxy, &mut rig.spec.postgres) {
            *url = url.replace(&format!(":{}/", server.address().port()), &format!(":{}/", proxy.port));
        }
        rig.hurried = true;
        for index in 0..nodes {
            rig.up(index).await?;
        }
        let load = Load::start(&rig.cluster, &rig.history, &seed, Shape::default(), 0);
        Ok(Self { rig, seed, load, server })
    }

    /// Starts again whatever has ended.
    async fn heal(&self) -> Result<()> {
        for index in 0..self.rig.cluster.len() {
            if self.rig.cluster.get(index).is_none_or(|node| node.has_ended()) {
                self.rig.up(index).await?;
            }
        }
        Ok(())
    }

    async fn close(self, iterations: u64) -> Result<Report> {
        self.heal().await?;
        self.load.stop().await;
        let mut report = Report::of(iterations, self.rig.finish().await?);
        report.suspected = self.rig.suspected();
        tidy(&self.rig.dir, &report);
        Ok(report)
    }

    fn url(&self) -> &str {
        self.rig.spec.postgres.as_deref().unwrap_or_default()
    }
}

pub(crate) async fn terminations(plan: &Plan) -> Result<Report> {
    let mut scene = Scene::open(plan, "pg-terminate", NODES).await?;
    let mut done = 0;
    while done < plan.amounts.terminations {
        tokio::time::sleep(Duration::from_micros(scene.seed.pick(1_000..40_000))).await;
        scene.rig.history.nemesis("terminate");
        done += u64::from(scene.server.terminate(scene.url()).await?);
    }
    scene.close(done).await
}

pub(crate) async fn cuts(plan: &Plan) -> Result<Report> {
    let address = plan.server.as_ref().ok_or("there is no Postgres")?.address();
    let proxy = Proxy::start(address).await?;
    let mut scene = Scene::open_by(plan, "pg-cut", NODES, Some(&proxy)).await?;
    while proxy.cut() < plan.amounts.terminations {
        scene.rig.history.nemesis("lose the answer of a commit");
        proxy.arm();
        tokio::time::sleep(Duration::from_micros(scene.seed.pick(1_000..40_000))).await;
    }
    let cut = proxy.cut();
    scene.close(cut).await
}

pub(crate) async fn crashes(plan: &Plan) -> Result<Report> {
    let mut scene = Scene::open(plan, "pg-crash", NODES).await?;
    scene.server.commit_late(scene.url()).await?;
    for _ in 0..plan.amounts.restarts {
        tokio::time::sleep(Duration::from_millis(scene.seed.pick(50..600))).await;
        scene.rig.history.nemesis("crash of the server");
        scene.server.crash().await?;
        scene.heal().await?;
    }
    scene.close(plan.amounts.restarts).await
}

pub(crate) async fn zombies(plan: &Plan) -> Result<Report> {
    let mut scene = Scene::open(plan, "pg-zombies", NODES + 1).await?;
    for _ in 0..plan.amounts.zombies {
        tokio::time::sleep(Duration::from_millis(scene.seed.pick(20..200))).await;
        let index = scene.seed.index(NODES + 1);
        let Some(node) = scene.rig.cluster.get(index) else { continue };
        scene.rig.history.nemesis("stop");
        node.signal(Signal::STOP);
        // Past the lease of one second.
        tokio::time::sleep(Duration::from_millis(scene.seed.pick(1_100..2_200))).await;
        scene.rig.history.nemesis("continue");
        node.signal(Signal::CONT);
        scene.rig.look(&node);
        scene.heal().await?;
    }
    scene.close(plan.amounts.zombies).await
}

pub(crate) async fn kills(plan: &Plan) -> Result<Report> {
    let mut scene = Scene::open(plan, "pg-kills", NODES).await?;
    let kills = plan.amounts.terminations / 4;
    for _ in 0..kills {
        tokio::time::sleep(scene.seed.moment()).await;
        let index = scene.seed.index(NODES);
        scene.rig.history.nemesis("kill");
        scene.rig.kill(index).await;
        scene.heal().await?;
    }
    scene.close(kills).await
}
