//! What is reserved for whom, and that an order has one answer.

use anywise::App;
use shop_contracts::inventory::{GetStock, Reservation, ReserveStock, SetStock, Sku, StockLine};
use shop_contracts::order::{OrderCancelled, OrderId};

use crate::home::on_each;

fn sku(name: &str) -> Sku {
    Sku(name.to_owned())
}

fn short(name: &str) -> Reservation {
    Reservation::Short { sku: sku(name) }
}

async fn set(app: &App, name: &str, on_hand: u32) {
    app.send(SetStock { sku: sku(name), on_hand }).await.expect("more than are reserved");
}

async fn reserved(app: &App, name: &str) -> u32 {
    app.send(GetStock { sku: sku(name) }).await.expect("it was set").reserved
}

async fn ask(app: &App, order: &str, lines: &[(&str, u32)]) -> anywise::Result<Reservation> {
    let line = |&(name, quantity): &(&str, u32)| StockLine { sku: sku(name), quantity };
    let lines = lines.iter().map(line).collect();
    app.send(ReserveStock { order_id: OrderId(order.to_owned()), lines }).await
}

async fn reserve(app: &App, order: &str, lines: &[(&str, u32)]) -> Reservation {
    ask(app, order, lines).await.expect("it is not cancelled")
}

async fn cancel(app: &App, order: &str) {
    let cancelled = OrderCancelled { order_id: OrderId(order.to_owned()), customer: "ann".to_owned() };
    app.publish(cancelled).await.expect("it is kept");
    app.settled().await;
}

#[tokio::test]
async fn all_lines_are_reserved_or_none() {
    on_each(async |home| {
        let app = home.app().await;
        set(&app, "cup", 5).await;
        set(&app, "tea", 1).await;
        assert_eq!(reserve(&app, "a", &[("cup", 1), ("tea", 2)]).await, short("tea"));
        assert_eq!((reserved(&app, "cup").await, reserved(&app, "tea").await), (0, 0));
        assert_eq!(reserve(&app, "b", &[("cup", 2), ("cup", 2), ("tea", 1)]).await, Reservation::Reserved);
        assert_eq!((reserved(&app, "cup").await, reserved(&app, "tea").await), (4, 1));
    })
    .await;
}

#[tokio::test]
async fn lines_of_one_thing_count_together() {
    on_each(async |home| {
        let app = home.app().await;
        set(&app, "tea", 5).await;
        assert_eq!(reserve(&app, "a", &[("tea", 3), ("tea", 3)]).await, short("tea"));
        assert_eq!(reserve(&app, "b", &[("tea", u32::MAX), ("tea", u32::MAX)]).await, short("tea"));
    })
    .await;
}

#[tokio::test]
async fn an_order_has_one_answer() {
    on_each(async |home| {
        let app = home.app().await;
        set(&app, "tea", 2).await;
        assert_eq!(reserve(&app, "a", &[("tea", 2)]).await, Reservation::Reserved);
        assert_eq!(reserve(&app, "a", &[("tea", 2)]).await, Reservation::Reserved);
        assert_eq!(reserved(&app, "tea").await, 2);

        assert_eq!(reserve(&app, "b", &[("tea", 1)]).await, short("tea"));
        set(&app, "tea", 10).await;
        assert_eq!(reserve(&app, "b", &[("tea", 1)]).await, short("tea"));
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_order_gives_back_once_and_gets_nothing_more() {
    on_each(async |home| {
        let app = home.app().await;
        set(&app, "tea", 2).await;
        reserve(&app, "a", &[("tea", 2)]).await;
        cancel(&app, "a").await;
        cancel(&app, "a").await;
        assert_eq!(reserved(&app, "tea").await, 0);
        for order in ["a", "never-heard-of"] {
            cancel(&app, order).await;
            let error = ask(&app, order, &[("tea", 1)]).await.expect_err("it is cancelled");
            assert_eq!(error.code(), "inventory.order_cancelled");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_reserved_stays_in_the_house() {
    on_each(async |home| {
        let app = home.app().await;
        set(&app, "tea", 2).await;
        reserve(&app, "a", &[("tea", 2)]).await;
        let error = app.send(SetStock { sku: sku("tea"), on_hand: 1 }).await.expect_err("2 are reserved");
        assert_eq!(error.code(), "inventory.below_reserved");
        assert!(error.message().starts_with("2 of `tea`"), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_is_promised_than_there_is_however_many_ask_at_once() {
    on_each(async |home| {
        let app = home.app().await;
        set(&app, "cup", 10).await;
        set(&app, "tea", 10).await;
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..40 {
            let app = app.clone();
            // In either order: that must not make two of them wait for each other.
            let lines = if number % 2 == 0 { [("tea", 1), ("cup", 1)] } else { [("cup", 1), ("tea", 1)] };
            asking.spawn(async move { reserve(&app, &format!("order-{}", number / 2), &lines).await });
        }
        let answers = asking.join_all().await;
        let reserved_for = answers.iter().filter(|answer| **answer == Reservation::Reserved).count();
        assert_eq!(reserved_for, 20, "10 orders, each of which asked twice");
        assert_eq!((reserved(&app, "cup").await, reserved(&app, "tea").await), (10, 10));
    })
    .await;
}
