//! The client: many producers, each asking one thing after the other and
//! writing down what it was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::history::{Ask, History, Op, Told};
use crate::node::Node;
use crate::seed::Seed;

/// The nodes that are there; none where one is being started again.
pub(crate) struct Cluster(Vec<watch::Sender<Option<Arc<Node>>>>);

impl Cluster {
    pub(crate) fn new(nodes: usize) -> Arc<Self> {
        Arc::new(Self((0..nodes).map(|_| watch::Sender::new(None)).collect()))
    }

    pub(crate) fn set(&self, index: usize, node: Option<Arc<Node>>) {
        self.0[index].send_replace(node);
    }

    pub(crate) fn get(&self, index: usize) -> Option<Arc<Node>> {
        self.0[index].borrow().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// One that is there, waiting for it if need be.
    async fn any(&self, index: usize) -> Arc<Node> {
        let mut wait = self.0[index].subscribe();
        match wait.wait_for(Option::is_some).await {
            Ok(node) => node.clone().expect("it was waited for"),
            Err(_) => unreachable!("the sender is in this cluster"),
        }
    }
}

/// What the producers ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) producers: u32,
    /// Longest rest between two requests.
    pub(crate) rest: Duration,
    /// Requests in a hundred that are given up after some polls.
    pub(crate) dropped: u64,
    /// Poison among it.
    pub(crate) poison: bool,
    /// Dead letters are replayed now and then.
    pub(crate) replay: bool,
}

impl Default for Shape {
    fn default() -> Self {
        let rest = Duration::from_millis(12);
        Self { producers: 8, rest, dropped: 2, poison: true, replay: true }
    }
}

/// Producers at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    pub(crate) asked: Arc<AtomicU64>,
    producers: JoinSet<()>,
}

/// How long a producer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many keys there are.
const KEYS: u64 = 24;

impl Load {
    /// Starts the producers; `first` keeps the ids of several loads apart.
    pub(crate) fn start(
        cluster: &Arc<Cluster>,
        history: &Arc<History>,
        seed: &Seed,
        shape: Shape,
        first: u32,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicU64::new(0));
        let due = Arc::new(AtomicI64::new(0));
        let mut producers = JoinSet::new();
        for number in first..first + shape.producers {
            let producer = Producer {
                number,
                next: 0,
                seed: seed.fork(u64::from(number) + 1),
                shape,
                due: Arc::clone(&due),
                asked: Arc::clone(&asked),
                cluster: Arc::clone(cluster),
                history: Arc::clone(history),
            };
            producers.spawn(producer.run(Arc::clone(&stop)));
        }
        Self { stop, asked, producers }
    }

    /// Leaves everything as it is.
    pub(crate) fn abort(mut self) {
        self.producers.abort_all();
    }

    /// Lets each producer finish what it asked for.
    pub(crate) async fn stop(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        while self.producers.join_next().await.is_some() {}
    }
}

struct Producer {
    number: u32,
    next: u64,
    seed: Seed,
    shape: Shape,
    due: Arc<AtomicI64>,
    asked: Arc<AtomicU64>,
    cluster: Arc<Cluster>,
    history: Arc<History>,
}

impl Producer {
    async fn run(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::SeqCst) {
            self.ask().await;
            let rest = u64::try_from(self.shape.rest.as_micros()).unwrap_or(u64::MAX);
            tokio::time::sleep(Duration::from_micros(self.seed.pick(0..rest.max(1)))).await;
        }
    }

    async fn ask(&mut self) {
        let (ask, once) = self.choose();
        self.next += 1;
        let mut id = format!("p{}-{}", self.number, self.next);
        let key = format!("k{}", self.seed.pick(0..KEYS));
        let mut amount = i64::try_from(self.seed.pick(1..1_000)).expect("it is small");
        if ask == Ask::Beat {
            amount = 1 + self.due.fetch_add(1, Ordering::SeqCst);
            id = format!("beat-{amount}");
        }
        let op = Op { ask, producer: self.number, number: self.next, key, amount };
        let mut told = self.send(&id, &op, once).await;
        // The same again: because nobody knows, or to see that nothing happens twice.
        while once && self.seed.chance(if told == Told::Info { 70 } else { 15 }) {
            told = self.send(&id, &op, once).await;
        }
        if ask == Ask::Beat && self.seed.chance(50) {
            self.send(&id, &op, once).await;
        }
        if self.shape.replay && self.seed.chance(2) {
            let node = self.cluster.any(self.seed.index(self.cluster.len())).await;
            let _ = tokio::time::timeout(PATIENCE, node.call(json!({"op": "replay"}))).await;
        }
    }

    fn choose(&mut self) -> (Ask, bool) {
        let ask = match self.seed.pick(0..100) {
            50..58 => Ask::Refuse,
            58..67 => Ask::Poke,
            67..76 => Ask::Arrive,
            76..88 => Ask::Late,
            88..98 => Ask::Beat,
            98 if self.shape.poison => Ask::Plant,
            99 if self.shape.poison => Ask::Bury,
            _ => Ask::Put,
        };
        let once =
            matches!(ask, Ask::Poke | Ask::Arrive | Ask::Bury) || ask == Ask::Put && self.seed.chance(50);
        (ask, once)
    }

    async fn send(&mut self, id: &str, op: &Op, once: bool) -> Told {
        let node = self.cluster.any(self.seed.index(self.cluster.len())).await;
        let mut request =
            json!({"op": op.ask.name(), "id": id, "key": op.key, "amount": op.amount, "once": once});
        if op.ask == Ask::Beat {
            request["key"] = json!("beat");
        }
        if self.seed.chance(self.shape.dropped) {
            request["polls"] = json!(self.seed.pick(1..10));
        }
        self.history.invoke(id, op);
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = tokio::time::timeout(PATIENCE, node.call(request)).await.ok().flatten();
        let (told, code) = read(op, answer.as_ref());
        self.history.told(id, told, code);
        told
    }
}

/// What an answer, or none, lets the client believe.
fn read<'a>(op: &Op, answer: Option<&'a Value>) -> (Told, &'a str) {
    let Some(answer) = answer else { return (Told::Info, "no answer") };
    let code = answer["code"].as_str().unwrap_or_default();
    match answer["r"].as_str() {
        // Another one fired, or may have.
        Some("ok") if op.ask == Ask::Beat && answer["d"]["fired"] != json!(true) => (Told::Info, "not fired"),
        Some("ok") => (Told::Ok, code),
        Some("fail") => (Told::Fail, code),
        _ => (Told::Info, code),
    }
}
