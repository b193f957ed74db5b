//! What is left of a shop when its process ends, however it ends.

use std::sync::Arc;

use anywise::{App, DeadLetters};
use serde_json::Value;

use crate::client::Client;
use crate::customers::{Promised, check_out, crowd, order, pay, replies, shop_on, stock_up, text};
use crate::home::{Home, WHOLE, on_each};
use crate::process::Process;

/// How often the process is killed; `tests/torture` does it more often.
const KILLS: usize = 5;

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
        let ids: Vec<_> = promised.orders.lock().expect(WHOLE).iter().cloned().collect();
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
