//! The shop, killed under load: what a stranger can check must hold.

mod http;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Result;
use crate::check::Violation;
use crate::jobs::{Ended, Report};
use crate::seed::Seed;
use crate::shop::http::{Request, Response};

/// Which shop, and on what.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// The shop's program; the one beside this unless given
    #[arg(long)]
    pub(crate) binary: Option<PathBuf>,
    /// Postgres; SQLite unless given
    #[arg(long)]
    pub(crate) postgres: Option<String>,
}

/// Customers that buy at the same time.
const BUYERS: u64 = 6;
const SKUS: [&str; 3] = ["tea", "milk", "cake"];
/// After the last kill every journey has ended so long later.
const DRAINED: Duration = Duration::from_secs(30);
/// A process lives until it has taken an order, or so long.
const LIFE: Duration = Duration::from_secs(2);

pub(crate) async fn run(options: &Options, kills: u64, seed: u64) -> Ended {
    let began = Instant::now();
    let report = torture(options, kills, seed).await;
    Ended { job: "shop", report, took: began.elapsed() }
}

async fn torture(options: &Options, kills: u64, seed: u64) -> Result<Report> {
    let dir = std::env::temp_dir().join("torture").join(format!("shop-{seed}-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let mut seed = Seed::new(seed);
    let at = watch::Sender::new(None);
    let place = Arc::new(Place { at, stop: AtomicBool::new(false), orders: AtomicU64::new(0) });
    let program = Program::of(options, &dir)?;
    let mut process = program.start(&place).await?;
    for sku in SKUS {
        stock(&place, sku).await?;
    }
    let ledger = Arc::new(Ledger::default());
    let mut buyers = JoinSet::new();
    for number in 0..BUYERS {
        let buyer = Buyer {
            customer: format!("customer{number}"),
            number,
            next: 0,
            seed: seed.fork(number + 1),
            place: Arc::clone(&place),
            ledger: Arc::clone(&ledger),
        };
        buyers.spawn(buyer.run());
    }
    for _ in 0..kills {
        let (began, before) = (Instant::now(), place.orders.load(Ordering::SeqCst));
        tokio::time::sleep(seed.moment()).await;
        // One that never gets to do anything proves nothing.
        while place.orders.load(Ordering::SeqCst) == before && began.elapsed() < LIFE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        place.at.send_replace(None);
        process.kill().await?;
        process = program.start(&place).await?;
    }
    place.stop.store(true, Ordering::SeqCst);
    while buyers.join_next().await.is_some() {}
    let mut suspected = 0;
    let violations = ledger.check(&place, &program, &mut suspected).await?;
    process.kill().await?;
    let mut report = Report::of(kills, violations);
    let (orders, payments) = (place.orders.load(Ordering::SeqCst), ledger.lock().payments.len());
    report.note = format!("{orders} orders, {payments} payments, {suspected} innocent messages replayed");
    if report.violations.is_empty() {
        let _ = std::fs::remove_dir_all(&dir);
    } else {
        report.note += ", kept in ";
        report.note += &dir.display().to_string();
    }
    Ok(report)
}

/// How the shop is started.
struct Program {
    binary: PathBuf,
    dir: PathBuf,
    postgres: Option<String>,
}

impl Program {
    fn of(options: &Options, dir: &std::path::Path) -> Result<Self> {
        let binary = match &options.binary {
            Some(binary) => binary.clone(),
            None => std::env::current_exe()?.with_file_name("shop"),
        };
        if !binary.exists() {
            return Err(
                format!("there is no {}: build it with `cargo build -p shop`", binary.display()).into()
            );
        }
        Ok(Self { binary, dir: dir.to_owned(), postgres: options.postgres.clone() })
    }

    /// Starts it and waits until it is open.
    async fn start(&self, place: &Place) -> Result<Child> {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.join("shop.log"))?;
        let mut command = Command::new(&self.binary);
        command.args(["--port", "0", "--log", "warn", "--data"]).arg(self.dir.join("data"));
        if let Some(url) = &self.postgres {
            command.arg("--postgres").arg(url);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let opened = tokio::time::timeout(Duration::from_secs(20), async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, address)) = line.split_once("open at http://") {
                    return Ok::<_, std::io::Error>(Some(address.trim().to_owned()));
                }
            }
            Ok(None)
        });
        let address = opened.await.map_err(|_| "the shop does not open")??;
        let address = address.ok_or("the shop ended before it was open; see shop.log")?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        place.at.send_replace(Some(address));
        Ok(child)
    }
}

impl Program {
    /// Does what an operator does who knows of the kills: replays messages that are
    /// suspected of ending the process. Says how many.
    async fn rehabilitate(&self, place: &Place) -> Result<usize> {
        let address = place.at.borrow().clone().ok_or("the shop is closed")?;
        let port = address.rsplit(':').next().unwrap_or_default().to_owned();
        let dlq = async |what: &[&str]| {
            let output =
                Command::new(&self.binary).args(["--port", &port, "dlq"]).args(what).output().await?;
            if output.status.success() {
                return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
            }
            Err::<_, Box<dyn std::error::Error + Send + Sync>>(String::from_utf8_lossy(&output.stderr).into())
        };
        let letters = dlq(&["list"]).await?;
        let suspects = letters.lines().filter(|line| line.contains("AW2500"));
        let ids: Vec<_> = suspects.filter_map(|line| line.split_whitespace().next()).collect();
        for id in &ids {
            dlq(&["replay", id]).await?;
        }
        Ok(ids.len())
    }
}

/// Where the shop is, while it is open.
struct Place {
    at: watch::Sender<Option<String>>,
    stop: AtomicBool,
    orders: AtomicU64,
}

impl Place {
    /// Asks once; none if there was no answer.
    async fn ask(&self, request: &Request) -> Option<Response> {
        let mut at = self.at.subscribe();
        let address = at.wait_for(Option::is_some).await.ok()?.clone()?;
        tokio::time::timeout(Duration::from_secs(5), request.send(&address)).await.ok()?.ok()
    }

    /// Asks until there is an answer that is not about the shop's own trouble.
    async fn insist(&self, request: &Request) -> Result<Response> {
        let began = Instant::now();
        loop {
            match self.ask(request).await {
                Some(response) if response.status < 500 && response.status != 429 => return Ok(response),
                _ if began.elapsed() > Duration::from_secs(60) => {
                    return Err(format!("no answer for a minute: {request:?}").into());
                }
                Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }
}

async fn stock(place: &Place, sku: &str) -> Result<()> {
    // Of one kind there is not enough, so that some orders are cancelled.
    let on_hand = if sku == "cake" { 40 } else { 1_000_000 };
    let response = place.insist(&Request::put(format!("/stock/{sku}"), json!({"on_hand": on_hand}))).await?;
    if response.status == 200 || response.status == 204 {
        return Ok(());
    }
    Err(format!("PUT /stock/{sku}: {}", response.status).into())
}

/// What the buyers know.
#[derive(Default)]
struct Ledger(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Order, with its customer.
    orders: BTreeMap<String, String>,
    payments: BTreeSet<String>,
    violations: Vec<Violation>,
}

struct Buyer {
    customer: String,
    number: u64,
    next: u64,
    seed: Seed,
    place: Arc<Place>,
    ledger: Arc<Ledger>,
}

impl Buyer {
    async fn run(mut self) {
        while !self.place.stop.load(Ordering::SeqCst) {
            if let Err(error) = self.buy().await {
                self.ledger.wrong("shop", error.to_string());
                return;
            }
            tokio::time::sleep(Duration::from_millis(self.seed.pick(0..15))).await;
        }
    }

    async fn buy(&mut self) -> Result<()> {
        let sku = SKUS[self.seed.index(SKUS.len())];
        let (quantity, price) = (self.seed.pick(1..4), self.seed.pick(100..900));
        let lines = json!([{"sku": sku, "quantity": quantity, "unit_price_cents": price}]);
        let order = json!({"customer": self.customer, "lines": lines});
        let answer = self.post("/orders", order).await?;
        let Some(order) = answer.body["order_id"].as_str().filter(|_| answer.status == 201) else {
            return Err(format!("POST /orders: {} {}", answer.status, answer.body).into());
        };
        self.ledger.lock().orders.insert(order.to_owned(), self.customer.clone());
        self.place.orders.fetch_add(1, Ordering::SeqCst);
        if self.seed.chance(10) {
            return Ok(());
        }
        let card = if self.seed.chance(10) { "tok_declined" } else { "tok_visa" };
        let payment = json!({"order_id": order, "amount_cents": quantity * price, "card": card});
        let answer = self.pay(payment).await?;
        match (answer.status, answer.body["payment_id"].as_str()) {
            (201, Some(payment)) => drop(self.ledger.lock().payments.insert(payment.to_owned())),
            (402, _) if card == "tok_declined" => {}
            _ => return Err(format!("POST /payments: {} {}", answer.status, answer.body).into()),
        }
        Ok(())
    }

    /// Pays; the order is known to the payments a little later.
    async fn pay(&mut self, payment: Value) -> Result<Response> {
        let began = Instant::now();
        loop {
            let answer = self.post("/payments", payment.clone()).await?;
            if answer.status != 404 || began.elapsed() > DRAINED {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Posts until there is an answer, under one key; at times once more.
    async fn post(&mut self, path: &str, body: Value) -> Result<Response> {
        self.next += 1;
        let key = format!("buyer{}-{}", self.number, self.next);
        let request = Request::post(path.to_owned(), body).key(key);
        let answer = self.place.insist(&request).await?;
        if answer.status == 201 && self.seed.chance(20) {
            let again = self.place.insist(&request).await?;
            if again.body != answer.body {
                let what = format!("{path} answered {} and then {}", answer.body, again.body);
                self.ledger.wrong("P28", what);
            }
        }
        Ok(answer)
    }
}

impl Ledger {
    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrong(&self, invariant: &'static str, what: String) {
        self.lock().violations.push(Violation { invariant, what });
    }

    /// Looks at the shop as a stranger does, until it is in order, or too long.
    async fn check(&self, place: &Place, program: &Program, suspected: &mut usize) -> Result<Vec<Violation>> {
        let began = Instant::now();
        loop {
            let found = self.look(place).await?;
            if !found.is_empty() {
                *suspected += program.rehabilitate(place).await?;
            }
            if found.is_empty() || began.elapsed() > DRAINED {
                let mut violations = std::mem::take(&mut self.lock().violations);
                violations.extend(found);
                return Ok(violations);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn look(&self, place: &Place) -> Result<Vec<Violation>> {
        let (orders, payments) = {
            let known = self.lock();
            (known.orders.clone(), known.payments.clone())
        };
        let mut found = Found::default();
        for id in orders.keys() {
            let order = place.insist(&Request::get(format!("/orders/{id}"))).await?;
            found.order(id, &order);
        }
        for id in &payments {
            let payment = place.insist(&Request::get(format!("/payments/{id}"))).await?;
            found.payment(id, &payment);
        }
        for sku in SKUS {
            let stock = place.insist(&Request::get(format!("/stock/{sku}"))).await?;
            found.stock(sku, &stock.body);
        }
        for customer in orders.values().collect::<BTreeSet<_>>() {
            let page = place.insist(&Request::get(format!("/notifications?customer={customer}"))).await?;
            found.notifications(&page.body);
        }
        found.told();
        Ok(found.violations)
    }
}

/// What the shop shows.
#[derive(Default)]
struct Found {
    orders: BTreeMap<String, Value>,
    /// Settled payments by order.
    settled: BTreeMap<String, String>,
    texts: Vec<String>,
    violations: Vec<Violation>,
}

impl Found {
    fn wrong(&mut self, what: String) {
        self.violations.push(Violation { invariant: "shop", what });
    }

    fn order(&mut self, id: &str, order: &Response) {
        if order.status != 200 {
            return self.wrong(format!("the order {id} was acknowledged and is lost: {}", order.status));
        }
        if order.body["status"] == "paid" {
            self.wrong(format!("the order {id} is paid and goes no further"));
        }
        self.orders.insert(id.to_owned(), order.body.clone());
    }

    fn payment(&mut self, id: &str, payment: &Response) {
        if payment.status != 200 {
            return self.wrong(format!("the payment {id} was acknowledged and is lost: {}", payment.status));
        }
        if payment.body["status"] != "settled" {
            return;
        }
        let of = payment.body["order_id"].as_str().unwrap_or_default().to_owned();
        let order = self.orders.get(&of).cloned().unwrap_or_default();
        if order["payment_id"] != json!(id) || !matches!(order["status"].as_str(), Some("paid" | "confirmed"))
        {
            self.wrong(format!("the payment {id} is settled, and its order {of} is {}", order["status"]));
        }
        if let Some(other) = self.settled.insert(of.clone(), id.to_owned()) {
            self.wrong(format!("the order {of} has two payments: {id} and {other}"));
        }
    }

    fn stock(&mut self, sku: &str, stock: &Value) {
        let confirmed = self.orders.values().filter(|order| order["status"] == "confirmed");
        let lines = confirmed.flat_map(|order| order["lines"].as_array().cloned().unwrap_or_default());
        let quantities = lines.filter(|line| line["sku"] == sku).filter_map(|line| line["quantity"].as_u64());
        let sum: u64 = quantities.sum();
        if stock["reserved"].as_u64() != Some(sum) {
            self.wrong(format!("{sku}: {} reserved, {sum} confirmed", stock["reserved"]));
        }
    }

    fn notifications(&mut self, page: &Value) {
        let texts = page.as_array().into_iter().flatten().filter_map(|one| one["text"].as_str());
        self.texts.extend(texts.map(str::to_owned));
    }

    /// One notification for each end of a journey.
    fn told(&mut self) {
        let mut wrong = Vec::new();
        for (id, order) in &self.orders {
            for end in ["confirmed", "cancelled"] {
                let count = self.texts.iter().filter(|text| text.contains(id) && text.contains(end)).count();
                let expected = usize::from(order["status"] == end);
                if count != expected {
                    wrong.push(format!(
                        "{count} notifications that the order {id} is {end}: it is {}",
                        order["status"]
                    ));
                }
            }
        }
        for what in wrong {
            self.wrong(what);
        }
    }
}
