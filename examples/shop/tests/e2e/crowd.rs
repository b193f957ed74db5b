//! Many requests at once, and what must hold when they are done.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, Reply, Served};
use crate::home::on_each;

const ON_HAND: u64 = 40;

/// Two of something at 5.00 each.
fn order(number: usize) -> Value {
    let line = json!({"sku": sku(number), "quantity": 2, "unit_price_cents": 500});
    json!({"customer": customer(number), "lines": [line]})
}

fn sku(number: usize) -> &'static str {
    ["tea", "coffee", "cocoa"][number % 3]
}

fn customer(number: usize) -> String {
    format!("customer-{}", number % 7)
}

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {body}")).to_owned()
}

async fn place(client: Client, count: usize) -> Vec<String> {
    let mut placing = JoinSet::new();
    for number in 0..count {
        placing.spawn(async move { client.post("/orders", order(number)).await.expect(201) });
    }
    placing.join_all().await.iter().map(|placed| text(placed, "order_id")).collect()
}

/// Asks everything at once.
async fn at_once(client: Client, requests: Vec<(&'static str, String, Value)>) -> Vec<Reply> {
    let mut asking = JoinSet::new();
    for (method, path, body) in requests {
        asking.spawn(async move {
            match method {
                "GET" => client.get(&path).await,
                "PUT" => client.put(&path, body).await,
                _ => client.post(&path, body).await,
            }
        });
    }
    asking.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_payments_for_an_order_one_is_made() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        let id = place(*client, 1).await.remove(0);
        let payment = json!({"order_id": id, "amount_cents": 1000, "card": "tok_visa"});
        let requests = (0..50).map(|_| ("POST", "/payments".to_owned(), payment.clone())).collect();
        let replies = at_once(*client, requests).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(made, 1);
        for refused in replies.iter().filter(|reply| reply.status != 201) {
            refused.problem(409, "payment.already_paid");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_at_once_the_shop_is_consistent() {
    on_each(async |home| {
        let Served { client, app, .. } = &Served::start(home).await;
        for number in 0..3 {
            let path = format!("/stock/{}", sku(number));
            client.put(&path, json!({"on_hand": ON_HAND})).await.expect(200);
        }
        let mut orders = place(*client, 50).await;

        let mut requests = Vec::new();
        for (number, id) in orders.iter().enumerate() {
            // Two of each, of which one is too many.
            let payment = json!({"order_id": id, "amount_cents": 1000, "card": "tok_visa"});
            requests.push(("POST", "/payments".to_owned(), payment.clone()));
            requests.push(("GET", format!("/orders/{id}"), Value::Null));
            let mut checkout = order(number);
            checkout["card"] = if number % 5 == 0 { "tok_declined" } else { "tok_visa" }.into();
            requests.push(("POST", "/checkouts".to_owned(), checkout));
            requests.push(match number % 3 {
                0 => ("PUT", format!("/stock/{}", sku(number)), json!({"on_hand": ON_HAND})),
                1 => ("GET", format!("/notifications?customer={}", customer(number)), Value::Null),
                _ => ("POST", "/payments".to_owned(), payment),
            });
        }
        assert_eq!(requests.len(), 200);
        let replies = at_once(*client, requests).await;
        app.settled().await;

        let unexpected = replies.iter().find(|reply| !matches!(reply.status, 200 | 201 | 402 | 409));
        assert!(unexpected.is_none(), "{unexpected:?}");
        let done = replies.iter().filter(|reply| reply.status == 201).map(Reply::json);
        let mut payments = Vec::new();
        for body in done {
            payments.push(text(&body, "payment_id"));
            orders.extend(body["order_id"].as_str().map(str::to_owned));
        }
        assert_consistent(*client, &orders, &payments).await;
    })
    .await;
}

/// Every settled payment belongs to one order that wants it, what is reserved
/// is what was confirmed, and nobody was told anything twice.
async fn assert_consistent(client: Client, orders: &[String], payments: &[String]) {
    let (mut reserved, mut confirmed) = (HashMap::<String, u64>::new(), HashMap::new());
    let mut notes = String::new();
    for number in 0..7 {
        notes += &client.get(&format!("/notifications?customer={}", customer(number))).await.text;
    }
    for id in orders {
        let order = client.get(&format!("/orders/{id}")).await.expect(200);
        let told = |what| notes.matches(&format!("Order {id} is {what}")).count();
        let expected = match order["status"].as_str() {
            Some("confirmed") => (1, 0),
            Some("cancelled") => (0, 1),
            _ => panic!("{order} is not at its end"),
        };
        assert_eq!((told("confirmed"), told("cancelled")), expected, "{order}");
        if order["status"] == "confirmed" {
            confirmed.insert(id.clone(), text(&order, "payment_id"));
            *reserved.entry(text(&order["lines"][0], "sku")).or_default() += 2;
        }
    }
    for id in payments {
        let payment = client.get(&format!("/payments/{id}")).await.expect(200);
        let wanted = confirmed.get(&text(&payment, "order_id")) == Some(id);
        assert_eq!(payment["status"] == "settled", wanted, "{payment}");
    }
    for number in 0..3 {
        let stock = client.get(&format!("/stock/{}", sku(number))).await.expect(200);
        assert_eq!(stock["reserved"], reserved.get(sku(number)).copied().unwrap_or_default(), "{stock}");
        assert_eq!(stock["reserved"], ON_HAND, "there were more orders than stock");
    }
}
