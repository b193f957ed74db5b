//! Customers, and what the shop has promised them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, Reply};
use crate::home::{Home, WHOLE};
use crate::ledger::Ledger;

/// Customers who are in the shop when it is killed.
pub(crate) const CUSTOMERS: usize = 8;

/// What the shop has promised so far.
#[derive(Default)]
pub(crate) struct Promised {
    pub(crate) orders: Mutex<HashSet<String>>,
    payments: Mutex<HashSet<String>>,
    /// Orders of checkouts that went through.
    confirmed: Mutex<HashSet<String>>,
    replies: AtomicUsize,
    /// Nobody begins another purchase.
    closed: AtomicBool,
}

impl Promised {
    /// Has customers go home after their next purchase.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn note(&self, reply: &Reply, is_checkout: bool) {
        self.replies.fetch_add(1, Ordering::Relaxed);
        if reply.status != 201 {
            // A shop with too much to do, or part of which is away, may put somebody off.
            let put_off =
                matches!(reply.status, 503 | 504) || reply.text.contains("payment.checkout_not_undone");
            assert!(put_off || matches!(reply.status, 402 | 409), "{reply:?}");
            return;
        }
        let body = reply.json();
        let noted = [("order_id", &self.orders), ("payment_id", &self.payments)];
        for (member, all) in noted {
            all.lock().expect(WHOLE).extend(body[member].as_str().map(str::to_owned));
        }
        if is_checkout {
            self.confirmed.lock().expect(WHOLE).insert(text(&body, "order_id"));
        }
    }

    /// Everything promised is there, and everything there is as it must be.
    pub(crate) async fn assert_kept(&self, home: &Home) {
        let ledger = Ledger::read(home).await;
        ledger.assert_settled();
        self.assert_in(&ledger);
    }

    /// Everything promised is there.
    pub(crate) fn assert_in(&self, ledger: &Ledger) {
        for id in &*self.orders.lock().expect(WHOLE) {
            assert!(ledger.orders.contains_key(id), "order {id} is lost");
        }
        for id in &*self.payments.lock().expect(WHOLE) {
            assert!(ledger.payments.contains_key(id), "payment {id} is lost");
        }
        for id in &*self.confirmed.lock().expect(WHOLE) {
            assert_eq!(ledger.orders[id].status, "confirmed", "order {id} was checked out");
        }
    }
}

pub(crate) fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {body}")).to_owned()
}

/// One of something there is plenty of, or too little.
pub(crate) fn order(number: usize) -> Value {
    let sku = if number.is_multiple_of(3) { "rare" } else { "tea" };
    json!({"customer": "ann", "lines": [{"sku": sku, "quantity": 1, "unit_price_cents": 450}]})
}

fn card(number: usize) -> &'static str {
    if number.is_multiple_of(5) { "tok_declined" } else { "tok_visa" }
}

/// Orders and pays until the shop goes away.
pub(crate) async fn shop_on(client: Client, promised: Arc<Promised>) {
    for number in 0.. {
        if promised.closed.load(Ordering::Relaxed) {
            return;
        }
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

pub(crate) async fn pay(client: Client, promised: &Promised, number: usize) -> Option<()> {
    let placed = client.attempt("POST", "/orders", order(number)).await?;
    promised.note(&placed, false);
    if placed.status != 201 {
        return Some(());
    }
    let id = text(&placed.json(), "order_id");
    let payment = json!({"order_id": id, "amount_cents": 450, "card": card(number)});
    promised.note(&client.attempt("POST", "/payments", payment).await?, false);
    Some(())
}

pub(crate) async fn check_out(client: Client, promised: &Promised, number: usize) -> Option<()> {
    let mut checkout = order(number);
    checkout["card"] = card(number).into();
    promised.note(&client.attempt("POST", "/checkouts", checkout).await?, true);
    Some(())
}

/// Sends customers in.
pub(crate) fn crowd(client: Client, promised: &Arc<Promised>) -> JoinSet<()> {
    (0..CUSTOMERS).map(|_| shop_on(client, Arc::clone(promised))).collect()
}

/// Waits for so many more replies.
pub(crate) async fn replies(promised: &Promised, more: usize) {
    let enough = promised.replies.load(Ordering::Relaxed) + more;
    while promised.replies.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn stock_up(client: Client) {
    client.put("/stock/tea", json!({"on_hand": 1_000_000})).await.expect(200);
    client.put("/stock/rare", json!({"on_hand": 20})).await.expect(200);
}
