//! The shop as several processes: the same slices, the same contract, the same
//! invariant, whatever takes messages from one to the other and whatever dies.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "nats")]
use anywise_servers::NatsServer;
use serde_json::json;
use shop::Scratch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::customers::{Promised, replies, shop_on, text};
use crate::home::Home;
use crate::ledger::{Ledger, database};
use crate::process::Process;

const SLICES: [&str; 4] = ["order", "payment", "inventory", "notification"];

/// How long a split shop may take to finish what was begun, restarts included.
const PATIENCE: Duration = Duration::from_secs(90);

/// One process of a split shop.
struct Member {
    arguments: Vec<String>,
    process: Option<Process>,
    client: Client,
}

/// A shop in several processes.
struct Split {
    members: Vec<Member>,
    /// Where the slices keep their data, in the order of [`SLICES`].
    databases: Vec<String>,
    scratch: Vec<Scratch>,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

fn own(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|&argument| argument.to_owned()).collect()
}

impl Split {
    /// A process and a database for each slice; `more` says how they find each
    /// other, beside HTTP.
    async fn in_four(more: &[&str], over_http: bool) -> Self {
        let ports = SLICES.map(|_| free_port());
        let places: Vec<_> = SLICES
            .iter()
            .zip(ports)
            .map(|(slice, port)| format!("{slice}=http://127.0.0.1:{port}"))
            .collect();
        let (mut members, mut scratch, mut databases) = (Vec::new(), Vec::new(), Vec::new());
        for (at, slice) in SLICES.iter().enumerate() {
            let folder = Scratch::new();
            let (port, data) = (ports[at].to_string(), folder.path().display().to_string());
            let mut arguments = own(&["--slices", slice, "--port", &port, "--data", &data]);
            arguments.extend(own(more));
            if over_http {
                let others = places.iter().enumerate().filter(|(other, _)| *other != at);
                arguments.extend(others.flat_map(|(_, place)| own(&["--at", place])));
                arguments.extend(own(&["--secret", "of this test alone"]));
            }
            databases.push(database(folder.path()));
            scratch.push(folder);
            members.push(arguments);
        }
        Self::start(members, databases, scratch).await
    }

    /// Two processes on one database.
    async fn in_two(home: &Home) -> Self {
        let ports = [free_port(), free_port()];
        let halves = [["order", "payment"], ["inventory", "notification"]];
        let [_, url] = home.arguments();
        let member = |at: usize| {
            let port = ports[at].to_string();
            let mut arguments = own(&[
                "--slices",
                &halves[at].join(","),
                "--port",
                &port,
                "--postgres",
                &url,
                "--secret",
                "s",
            ]);
            for slice in halves[1 - at] {
                arguments.extend(own(&["--at", &format!("{slice}=http://127.0.0.1:{}", ports[1 - at])]));
            }
            arguments
        };
        Self::start(vec![member(0), member(1)], vec![url.clone(); 4], Vec::new()).await
    }

    async fn start(all: Vec<Vec<String>>, databases: Vec<String>, scratch: Vec<Scratch>) -> Self {
        let mut members = Vec::new();
        for arguments in all {
            let process = Process::start(&arguments).await;
            members.push(Member { arguments, client: process.client, process: Some(process) });
        }
        Self { members, databases, scratch }
    }

    /// Ends a process where it stands, and starts it again.
    async fn kill(&mut self, at: usize) {
        let member = &mut self.members[at];
        member.process.take().expect("it runs").kill().await;
        member.process = Some(Process::start(&member.arguments).await);
    }

    async fn ledger(&self) -> Ledger {
        let urls: Vec<_> = self.databases.iter().map(String::as_str).collect();
        Ledger::read_of(urls.try_into().expect("there are four slices")).await
    }

    /// Waits until nothing more is to be done.
    async fn settles(&self) -> Ledger {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ledger = self.ledger().await;
            let faults = ledger.faults();
            if faults.is_empty() {
                return ledger;
            }
            assert!(
                Instant::now() < deadline,
                "{} faults are left: {:#?}",
                faults.len(),
                &faults[..faults.len().min(5)]
            );
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn stop(self) {
        for member in self.members {
            let stopped = member.process.expect("it runs").stop().await;
            assert!(stopped.success(), "{stopped}");
        }
        drop(self.scratch);
    }
}

/// Puts something on the shelf, as soon as the process that has them is there.
async fn stocks_up(client: Client) {
    let deadline = Instant::now() + PATIENCE;
    for (sku, on_hand) in [("tea", 1_000_000), ("rare", 20)] {
        loop {
            let reply = client.put(&format!("/stock/{sku}"), json!({"on_hand": on_hand})).await;
            if reply.status == 200 {
                break;
            }
            assert!(matches!(reply.status, 503 | 504) && Instant::now() < deadline, "{reply:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The contract, through each process in turn.
async fn keeps_its_contract(split: &Split) {
    for (at, member) in split.members.iter().enumerate() {
        let client = member.client;
        let placed = client
            .post("/orders", json!({"customer": format!("ann{at}"), "lines": [{"sku": "tea", "quantity": 2, "unit_price_cents": 450}]}))
            .await
            .expect(201);
        let id = text(&placed, "order_id");
        let pay = |card: &str, cents: u32| json!({"order_id": id, "amount_cents": cents, "card": card});
        client.post("/payments", pay("tok_declined", 900)).await.problem(402, "payment.declined");
        client.post("/payments", pay("tok_visa", 901)).await.problem(409, "payment.amount_mismatch");
        let paid = client.post("/payments", pay("tok_visa", 900)).await.expect(201);
        let path = format!("/orders/{id}");
        let order = client.eventually(&path, |order| order["status"] == "confirmed").await;
        assert_eq!(order["payment_id"], paid["payment_id"]);
        client.post("/payments", pay("tok_visa", 900)).await.problem(409, "payment.already_paid");
        let path = format!("/notifications?customer=ann{at}");
        let notes =
            client.eventually(&path, |notes| notes.as_array().is_some_and(|notes| !notes.is_empty())).await;
        assert_eq!(notes[0]["text"], format!("Order {id} is confirmed"));
        client.get("/orders/00000000-0000-7000-8000-000000000000").await.problem(404, "order.not_found");
    }
}

/// Everything the shop is asked for while its processes die one after the other.
async fn survives(split: Split) {
    survives_with(split, async || {}).await;
}

/// The same, and whatever else dies after each of them.
async fn survives_with(mut split: Split, mut nemesis: impl AsyncFnMut()) {
    stocks_up(split.members[0].client).await;
    keeps_its_contract(&split).await;
    let promised = Arc::new(Promised::default());
    let mut customers = JoinSet::new();
    let enter = |customers: &mut JoinSet<()>, client: Client| {
        for _ in 0..2 {
            customers.spawn(shop_on(client, Arc::clone(&promised)));
        }
    };
    split.members.iter().for_each(|member| enter(&mut customers, member.client));
    for at in 0..split.members.len() {
        replies(&promised, 20).await;
        split.kill(at).await;
        nemesis().await;
        enter(&mut customers, split.members[at].client);
    }
    replies(&promised, 20).await;
    promised.close();
    customers.join_all().await;
    let ledger = split.settles().await;
    promised.assert_in(&ledger);
    split.stop().await;
}

/// The address of a broker, if it answers there; says so if it does not, and
/// fails if it is required.
#[cfg(any(feature = "nats", feature = "rabbitmq", feature = "kafka", feature = "redis"))]
fn broker(name: &str, default: &str) -> Option<String> {
    let variable = format!("ANYWISE_{}_URL", name.to_uppercase());
    let url = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let host = url.rsplit(['/', '@']).find(|part| part.contains(':')).unwrap_or(&url);
    let host = host.split('/').next().unwrap_or(host);
    if std::net::TcpStream::connect(host).is_ok() {
        return Some(url);
    }
    anywise_servers::skip(name, format!("nothing answers at {url}"));
    None
}

/// A prefix that no other test has.
#[cfg(any(feature = "nats", feature = "rabbitmq", feature = "kafka", feature = "redis"))]
fn prefix() -> String {
    format!("t{}", anywise::new_id().simple())
}

#[cfg(feature = "nats")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_nats() {
    let Some(url) = broker("nats", "nats://127.0.0.1:4322") else { return };
    survives(Split::in_four(&["--nats", &url, "--prefix", &prefix()], false).await).await;
}

#[cfg(feature = "nats")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_a_nats_that_dies() {
    let Some(broker) = NatsServer::durable() else { return };
    let split = Split::in_four(&["--nats", &broker.url(), "--prefix", &prefix()], false).await;
    let dies = async || {
        broker.kill();
        broker.resume().expect("the server starts again");
    };
    survives_with(split, dies).await;
}

#[cfg(feature = "rabbitmq")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_rabbitmq() {
    let Some(url) = broker("rabbitmq", "amqp://guest:guest@127.0.0.1:5672") else { return };
    survives(Split::in_four(&["--rabbitmq", &url, "--prefix", &prefix()], true).await).await;
}

#[cfg(feature = "kafka")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_kafka() {
    let Some(url) = broker("kafka", "127.0.0.1:9092") else { return };
    let more = ["--kafka", &url, "--prefix", &prefix(), "--accept-weaker-durability"];
    survives(Split::in_four(&more, true).await).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_redis() {
    let Some(url) = broker("redis", "redis://127.0.0.1:6379") else { return };
    let more = ["--redis", &url, "--prefix", &prefix(), "--accept-weaker-durability"];
    survives(Split::in_four(&more, true).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_over_postgres() {
    let Some(home) = Home::postgres().await else { return };
    let [_, url] = home.arguments();
    survives(Split::in_four(&["--postgres-broker", &url], true).await).await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_postgres() {
    let Some(home) = Home::postgres().await else { return };
    survives(Split::in_two(&home).await).await;
    home.leave().await;
}
