//! What is left of a shop when its process ends, however it ends.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anywise::{App, DeadLetters};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, Reply};
use crate::home::{Home, on_each};
use crate::ledger::Ledger;
use crate::process::Process;

/// How often the process is killed; `tests/torture` does it more often.
const KILLS: usize = 5;

/// Customers who are in the shop when it is killed.
const CUSTOMERS: usize = 8;

/// What the shop has promised so far.
#[derive(Default)]
struct Promised {
    orders: Mutex<HashSet<String>>,
    payments: Mutex<HashSet<String>>,
    /// Orders of checkouts that went through.
    confirmed: Mutex<HashSet<String>>,
    replies: AtomicUsize,
}

impl Promised {
    fn note(&self, reply: &Reply, is_checkout: bool) {
        self.replies.fetch_add(1, Ordering::Relaxed);
        if reply.status != 201 {
            assert!(matches!(reply.status, 402 | 409), "{reply:?}");
            return;
        }
        let body = reply.json();
        let noted = [("order_id", &self.orders), ("payment_id", &self.payments)];
        for (member, all) in noted {
            all.lock().unwrap().extend(body[member].as_str().map(str::to_owned));
        }
        if is_checkout {
            self.confirmed.lock().unwrap().insert(text(&body, "order_id"));
        }
    }

    /// Everything promised is there, and everything there is as it must be.
    async fn assert_kept(&self, home: &Home) {
        let ledger = Ledger::read(home).await;
        ledger.assert_settled();
        for id in &*self.orders.lock().unwrap() {
            assert!(ledger.orders.contains_key(id), "order {id} is lost");
        }
        for id in &*self.payments.lock().unwrap() {
            assert!(ledger.payments.contains_key(id), "payment {id} is lost");
        }
        for id in &*self.confirmed.lock().unwrap() {
            assert_eq!(ledger.orders[id].status, "confirmed", "order {id} was checked out");
        }
    }
}

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {body}")).to_owned()
}

/// One of something there is plenty of, or too little.
fn order(number: usize) -> Value {
    let sku = if number.is_multiple_of(3) { "rare" } else { "tea" };
    json!({"customer": "ann", "lines": [{"sku": sku, "quantity": 1, "unit_price_cents": 450}]})
}

fn card(number: usize) -> &'static str {
    if number.is_multiple_of(5) { "tok_declined" } else { "tok_visa" }
}

/// Orders and pays until the shop goes away.
async fn shop_on(client: Client, promised: Arc<Promised>) {
    for number in 0.. {
        let bought = if number % 2 == 0 {
            pay(client, &promised, number).await
        } else {
            check_out(client, &promised, number).await
        };
        if bought.is_none() {
            return;
        }
    }
}

async fn pay(client: Client, promised: &Promised, number: usize) -> Option<()> {
    let placed = client.attempt("POST", "/orders", order(number)).await?;
    promised.note(&placed, false);
    let id = text(&placed.json(), "order_id");
    let payment = json!({"order_id": id, "amount_cents": 450, "card": card(number)});
    promised.note(&client.attempt("POST", "/payments", payment).await?, false);
    Some(())
}

async fn check_out(client: Client, promised: &Promised, number: usize) -> Option<()> {
    let mut checkout = order(number);
    checkout["card"] = card(number).into();
    promised.note(&client.attempt("POST", "/checkouts", checkout).await?, true);
    Some(())
}

/// Sends customers in.
fn crowd(client: Client, promised: &Arc<Promised>) -> JoinSet<()> {
    (0..CUSTOMERS).map(|_| shop_on(client, Arc::clone(promised))).collect()
}

/// Waits for so many more replies.
async fn replies(promised: &Promised, more: usize) {
    let enough = promised.replies.load(Ordering::Relaxed) + more;
    while promised.replies.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
}

async fn stock_up(client: Client) {
    client.put("/stock/tea", json!({"on_hand": 1_000_000})).await.expect(200);
    client.put("/stock/rare", json!({"on_hand": 20})).await.expect(200);
}

/// Has a shop do what was left undone, and stop.
async fn finish(home: &Home) -> App {
    let app = home.app().await;
    app.settled().await;
    let store = app.store().expect("it has one");
    let dead = store.dead_letters(DeadLetters::default()).await.expect("they can be read");
    assert!(dead.is_empty(), "{dead:?}");
    app
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    on_each(async |home| {
        let promised = Arc::new(Promised::default());
        let shop = Process::serve(home).await;
        let client = shop.client;
        stock_up(client).await;
        for number in 0..12 {
            pay(client, &promised, number).await.expect("nobody stops it");
            check_out(client, &promised, number).await.expect("nobody stops it");
        }
        let ids: Vec<_> = promised.orders.lock().unwrap().iter().cloned().collect();
        for id in &ids {
            client.eventually(&format!("/orders/{id}"), |order| order["status"] != "paid").await;
        }
        let before = seen(client, &ids).await;
        assert!(shop.stop().await.success());

        let shop = Process::serve(home).await;
        assert_eq!(seen(shop.client, &ids).await, before);
        assert!(shop.stop().await.success());
        finish(home).await;
        promised.assert_kept(home).await;
    })
    .await;
}

/// What can be seen of the orders, the stock and what was told.
async fn seen(client: Client, orders: &[String]) -> Vec<Value> {
    let mut seen = Vec::new();
    for id in orders {
        seen.push(client.get(&format!("/orders/{id}")).await.expect(200));
    }
    for path in ["/stock/tea", "/stock/rare"] {
        seen.push(client.get(path).await.expect(200));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_killed_under_load_has_lost_nothing_and_done_nothing_twice() {
    on_each(async |home| {
        let promised = Arc::new(Promised::default());
        for kill in 0..KILLS {
            let shop = Process::serve(home).await;
            if kill == 0 {
                stock_up(shop.client).await;
            }
            let customers = crowd(shop.client, &promised);
            replies(&promised, 10 + 13 * kill).await;
            shop.kill().await;
            customers.join_all().await;
        }
        finish(home).await;
        promised.assert_kept(home).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_shops_on_one_database_one_is_killed_and_the_other_finishes_its_work() {
    let Some(home) = Home::postgres().await else { return };
    let promised = Arc::new(Promised::default());
    let (first, second) = (Process::serve(&home).await, Process::serve(&home).await);
    stock_up(first.client).await;
    let mut customers = crowd(first.client, &promised);
    customers.spawn(shop_on(second.client, Arc::clone(&promised)));
    replies(&promised, 100).await;

    let placed = first.client.post("/orders", order(1)).await.expect(201);
    let shared = format!("/orders/{}", text(&placed, "order_id"));
    assert_eq!(second.client.get(&shared).await.expect(200)["status"], "pending");

    first.kill().await;
    replies(&promised, 20).await;
    assert!(second.stop().await.success());
    customers.join_all().await;
    // What the first one held is held until its lease has run out.
    finish(&home).await;
    promised.assert_kept(&home).await;
    home.leave().await;
}
