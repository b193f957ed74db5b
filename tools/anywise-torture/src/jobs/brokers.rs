//! What happens to a broker, and to the way to it, between two applications.

use std::time::{Duration, Instant};

use anywise_servers::NatsServer;

use super::{Plan, Report, tidy};
use crate::Result;
use crate::pair::Pair;
use crate::proxy::{Proxy, Strike, Way, Weather};
use crate::seed::Seed;

/// Every so manieth time one of the applications is killed as well.
const NODE: u64 = 5;

/// SIGKILL of the broker under load, and of both sides in between.
pub(crate) async fn kills(plan: &Plan) -> Result<Report> {
    let name = "broker-kills";
    let Some(broker) = started(plan, name)? else { return Ok(skipped()) };
    let address = broker.address();
    let (pair, mut seed) = (Pair::open(plan, name, address, address).await?, plan.seed(name));
    for kill in 1..=plan.amounts.broker_kills {
        tokio::time::sleep(Duration::from_millis(seed.pick(50..800))).await;
        pair.near.history.nemesis("kill broker");
        broker.kill();
        if kill % NODE == 0 {
            pair.kill(&mut seed).await?;
        }
        tokio::time::sleep(Duration::from_millis(seed.pick(0..300))).await;
        broker.resume()?;
        if kill % NODE == 2 {
            pair.kill(&mut seed).await?;
        }
    }
    let report = close(plan, name, plan.amounts.broker_kills, pair).await;
    broker.kill();
    report
}

/// A way to the broker that gets better and worse, with both sides killed in
/// between.
pub(crate) async fn faults(plan: &Plan) -> Result<Report> {
    let name = "broker-faults";
    let Some(broker) = started(plan, name)? else { return Ok(skipped()) };
    let ways = [Proxy::start(broker.address()).await?, Proxy::start(broker.address()).await?];
    let [near, far] = ways.each_ref().map(|way| ([127, 0, 0, 1], way.port).into());
    let (pair, mut seed) = (Pair::open(plan, name, near, far).await?, plan.seed(name));
    let (began, mut changes) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(plan.amounts.broker_faults) {
        changes += 1;
        for way in &ways {
            let harm = Harm::choose(&mut seed);
            pair.near.history.nemesis(&format!("{harm:?}"));
            harm.act(way);
        }
        let still = seed.chance(8);
        if still {
            broker.signal("STOP");
        }
        tokio::time::sleep(Duration::from_millis(seed.pick(1_000..3_000))).await;
        if still {
            broker.signal("CONT");
        }
        if changes % NODE == 0 {
            pair.kill(&mut seed).await?;
        }
    }
    pair.near.history.nemesis("heal");
    for way in &ways {
        way.weather(Weather::default());
    }
    let report = close(plan, name, changes, pair).await;
    broker.kill();
    report
}

async fn close(plan: &Plan, name: &str, iterations: u64, pair: Pair) -> Result<Report> {
    let outcome = pair.close().await?;
    let mut report = Report::of(iterations, outcome.violations);
    report.note = format!("{} rows, drained in {:.1} s", outcome.rows, outcome.drained.as_secs_f64());
    tidy(&plan.folder(name), &report);
    Ok(report)
}

/// A server with its files in the job's folder; none if its program is not here.
fn started(plan: &Plan, name: &str) -> Result<Option<NatsServer>> {
    let folder = plan.folder(name).join("nats");
    std::fs::create_dir_all(&folder)?;
    Ok(NatsServer::at(&folder))
}

fn skipped() -> Report {
    Report {
        note: "skipped: there is no program of a NATS server (ANYWISE_NATS_SERVER)".to_owned(),
        ..Report::default()
    }
}

/// What happens to one way for a while.
#[derive(Clone, Copy, Debug)]
struct Harm {
    weather: Weather,
    strike: Option<Strike>,
}

impl Harm {
    /// A mix; one time in four, none.
    fn choose(seed: &mut Seed) -> Self {
        let mut harm = Self { weather: Weather::default(), strike: None };
        if seed.chance(25) {
            return harm;
        }
        harm.weather.up = way(seed);
        harm.weather.down = way(seed);
        match seed.pick(0..8) {
            0 => harm.strike = Some(Strike::Reset),
            1 => harm.strike = Some(Strike::HalfClose),
            2 => (harm.weather.refuse, harm.strike) = (true, Some(Strike::Reset)),
            // Only what the server says is lost: its confirmations among it.
            3 => harm.weather.down.cut_after = Some(seed.index(2_000)),
            4 => harm.weather.up.cut_after = Some(seed.index(2_000)),
            5 => harm.weather.down.hole = true,
            6 => (harm.weather.up.hole, harm.weather.down.hole) = (true, true),
            _ => {}
        }
        harm
    }

    fn act(self, way: &Proxy) {
        way.weather(self.weather);
        if let Some(strike) = self.strike {
            way.strike(strike);
        }
    }
}

/// A direction that is slow, narrow, or comes in small pieces.
fn way(seed: &mut Seed) -> Way {
    let mut way = Way::default();
    if seed.chance(40) {
        way.latency = Duration::from_millis(seed.pick(0..100));
        way.jitter = Duration::from_millis(seed.pick(0..100));
    }
    if seed.chance(30) {
        way.slice = Some(1 + seed.index(64));
    }
    if seed.chance(20) {
        way.rate = Some(8_000);
    }
    way
}
