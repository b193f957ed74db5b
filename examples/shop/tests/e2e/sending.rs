//! The slices through the dispatcher, with everything wired.

use std::sync::Arc;

use anywise::{App, Kind};
use shop_contracts::Cents;
use shop_contracts::inventory::{GetStock, SetStock, Sku, StockReserved, StockShort};
use shop_contracts::notification::ListNotifications;
use shop_contracts::order::{
    CancelOrder, GetOrder, OrderCancelled, OrderConfirmed, OrderId, OrderLine, OrderPaid, OrderStatus,
    OrderView, PlaceOrder,
};
use shop_contracts::payment::{
    CardToken, CreatePayment, GetPayment, PaymentId, PaymentRefunded, PaymentSettled, PaymentStatus,
};
use shop_payment::{Declined, Gateway};

use crate::home::{Home, on_each};

fn tea() -> Sku {
    Sku("tea".to_owned())
}

fn lines(quantity: u32) -> Vec<OrderLine> {
    vec![OrderLine { sku: tea(), quantity, unit_price_cents: Cents(450) }]
}

async fn place(app: &App, quantity: u32) -> OrderId {
    let order = PlaceOrder { customer: "ann".to_owned(), lines: lines(quantity) };
    app.send(order).await.expect("the order is good").order_id
}

fn payment(order: &OrderId, amount: i64) -> CreatePayment {
    let card = CardToken("tok_visa".to_owned());
    CreatePayment { order_id: order.clone(), amount_cents: Cents(amount), card }
}

async fn stock(app: &App, on_hand: u32) {
    app.send(SetStock { sku: tea(), on_hand }).await.expect("more than are reserved");
}

async fn reserved(app: &App) -> u32 {
    app.send(GetStock { sku: tea() }).await.expect("there was some").reserved
}

async fn order(app: &App, id: &OrderId) -> OrderView {
    app.send(GetOrder { order_id: id.clone() }).await.expect("it was placed")
}

async fn payment_status(app: &App, id: &PaymentId) -> PaymentStatus {
    app.send(GetPayment { payment_id: id.clone() }).await.expect("it was made").status
}

async fn told(app: &App) -> Vec<String> {
    let notes = app.send(ListNotifications { customer: "ann".to_owned() }).await.expect("anybody may ask");
    notes.into_iter().map(|note| note.text).collect()
}

#[tokio::test]
async fn messages_travel_under_these_names() {
    let home = Home::sqlite();
    let app = home.app().await;
    let names: Vec<_> = app.catalog().messages.iter().map(|message| message.name.as_str()).collect();
    let expected = [
        "inventory.GetStock",
        "inventory.ReserveStock",
        "inventory.SetStock",
        "inventory.StockReserved",
        "inventory.StockShort",
        "notification.ListNotifications",
        "order.CancelOrder",
        "order.ConfirmOrder",
        "order.GetOrder",
        "order.OrderCancelled",
        "order.OrderConfirmed",
        "order.OrderPaid",
        "order.PlaceOrder",
        "payment.Checkout",
        "payment.CreatePayment",
        "payment.GetPayment",
        "payment.PaymentRefunded",
        "payment.PaymentSettled",
        "payment.RefundPayment",
    ];
    assert_eq!(names, expected);
    home.leave().await;
}

#[tokio::test]
async fn somebody_hears_every_event_and_somebody_tells_it() {
    let home = Home::sqlite();
    let app = home.app().await;
    for message in &app.catalog().messages {
        assert!(!message.received_by.is_empty(), "nobody receives {}", message.name);
        assert!(!message.sent_by.is_empty() || message.http.is_some(), "nobody sends {}", message.name);
    }
    home.leave().await;
}

#[tokio::test]
async fn the_guards_of_a_payment_are_in_its_chain() {
    let home = Home::sqlite();
    let app = home.app().await;
    let functions = &app.catalog().functions;
    let handler = functions.iter().find(|one| one.name == "create_payment").expect("it is registered");
    let chain: Vec<_> = handler.guards.iter().filter_map(|guard| guard.id.rsplit("::").next()).collect();
    assert_eq!(
        chain,
        ["log_commands", "gateway_is_open", "card_is_a_token", "amount_is_an_amount", "order_to_pay"]
    );
    home.leave().await;
}

#[tokio::test]
async fn a_paid_order_with_stock_is_confirmed() {
    on_each(async |home| {
        let app = home.app().await;
        stock(&app, 10).await;
        let id = place(&app, 2).await;
        let receipt = app.send(payment(&id, 900)).await.expect("it is what it costs");
        app.settled().await;

        let order = order(&app, &id).await;
        assert_eq!((order.status, order.payment_id), (OrderStatus::Confirmed, Some(receipt.payment_id)));
        assert_eq!(reserved(&app).await, 2);
        assert_eq!(told(&app).await, [format!("Order {id} is confirmed")]);
    })
    .await;
}

#[tokio::test]
async fn events_that_come_again_change_nothing() {
    on_each(async |home| {
        let app = home.app().await;
        stock(&app, 10).await;
        let (order_id, customer) = (place(&app, 2).await, "ann".to_owned());
        let payment_id = app.send(payment(&order_id, 900)).await.expect("it is what it costs").payment_id;
        app.settled().await;

        let (settled, id) =
            (PaymentSettled { order_id: order_id.clone(), payment_id: payment_id.clone() }, &order_id);
        let paid = OrderPaid { order_id: id.clone(), lines: lines(2).iter().map(Into::into).collect() };
        app.publish(settled).await.expect("listeners take it again");
        app.publish(paid).await.expect("listeners take it again");
        app.publish(StockReserved { order_id: id.clone() }).await.expect("listeners take it again");
        app.publish(StockShort { order_id: id.clone(), sku: tea() }).await.expect("listeners take it again");
        let confirmed = OrderConfirmed { order_id: id.clone(), customer };
        app.publish(confirmed).await.expect("listeners take it again");
        app.settled().await;

        assert_eq!(order(&app, id).await.status, OrderStatus::Confirmed);
        assert_eq!(payment_status(&app, &payment_id).await, PaymentStatus::Settled);
        assert_eq!(reserved(&app).await, 2);
        assert_eq!(told(&app).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_that_comes_again_changes_nothing() {
    on_each(async |home| {
        let app = home.app().await;
        stock(&app, 1).await;
        let (order_id, customer) = (place(&app, 2).await, "ann".to_owned());
        let payment_id = app.send(payment(&order_id, 900)).await.expect("it is what it costs").payment_id;
        app.settled().await;

        app.publish(StockShort { order_id: order_id.clone(), sku: tea() }).await.expect("taken again");
        let refunded = PaymentRefunded { order_id: order_id.clone(), payment_id: payment_id.clone() };
        app.publish(refunded).await.expect("taken again");
        app.publish(OrderCancelled { order_id: order_id.clone(), customer }).await.expect("taken again");
        app.settled().await;

        assert_eq!(order(&app, &order_id).await.status, OrderStatus::Cancelled);
        assert_eq!(payment_status(&app, &payment_id).await, PaymentStatus::Refunded);
        assert_eq!(reserved(&app).await, 0);
        assert_eq!(told(&app).await, [format!("Order {order_id} is cancelled")]);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_order_is_not_paid() {
    on_each(async |home| {
        let app = home.app().await;
        let id = place(&app, 1).await;
        app.send(CancelOrder { order_id: id.clone() }).await.expect("it is not confirmed");
        let error = app.send(payment(&id, 450)).await.expect_err("it is cancelled");
        assert_eq!((error.kind(), error.code()), (Kind::Conflict, "payment.order_cancelled"));
    })
    .await;
}

#[tokio::test]
async fn a_confirmed_order_is_not_cancelled() {
    on_each(async |home| {
        let app = home.app().await;
        stock(&app, 1).await;
        let id = place(&app, 1).await;
        app.send(payment(&id, 450)).await.expect("it is what it costs");
        app.settled().await;
        let error = app.send(CancelOrder { order_id: id }).await.expect_err("it is confirmed");
        assert_eq!((error.kind(), error.code()), (Kind::Conflict, "order.confirmed"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_payment_and_a_cancellation_at_once_one_wins() {
    on_each(async |home| {
        let app = home.app().await;
        stock(&app, 100).await;
        let mut confirmed = 0;
        for _ in 0..100 {
            let id = place(&app, 1).await;
            let (paying, cancelling) = (app.clone(), app.clone());
            let (pay, cancel) = (payment(&id, 450), CancelOrder { order_id: id.clone() });
            let paying = tokio::spawn(async move { paying.send(pay).await });
            let cancelling = tokio::spawn(async move { cancelling.send(cancel).await });
            let paid = paying.await.expect("it does not panic");
            let cancelled = cancelling.await.expect("it does not panic").is_ok();
            app.settled().await;

            let order = order(&app, &id).await;
            let status = if cancelled { OrderStatus::Cancelled } else { OrderStatus::Confirmed };
            assert_eq!(order.status, status);
            if let Ok(receipt) = paid {
                let status = if cancelled { PaymentStatus::Refunded } else { PaymentStatus::Settled };
                assert_eq!(payment_status(&app, &receipt.payment_id).await, status);
            }
            confirmed += u32::from(!cancelled);
        }
        assert_eq!(reserved(&app).await, confirmed);
        assert_eq!(told(&app).await.len(), 100);
    })
    .await;
}

/// A card company that is closed.
struct Closed;

impl Gateway for Closed {
    fn is_open(&self) -> bool {
        false
    }

    fn charge(&self, _: &CardToken, _: Cents) -> Result<(), Declined> {
        panic!("nothing is charged while it is closed")
    }
}

#[tokio::test]
async fn while_the_card_company_is_closed_nothing_is_paid_but_everything_shown() {
    on_each(async |home| {
        let builder = home.builder(shop::SLICES).await.replace::<dyn Gateway>(Arc::new(Closed));
        let app = home.keep(builder.build().await.expect("the shop is well wired"));
        let id = place(&app, 1).await;
        let error = app.send(payment(&id, 450)).await.expect_err("it is closed");
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "payment.gateway_closed"));
        let unknown = GetPayment { payment_id: PaymentId("nope".to_owned()) };
        assert_eq!(app.send(unknown).await.expect_err("there is none").code(), "payment.not_found");
    })
    .await;
}

#[tokio::test]
async fn slices_that_need_no_other_run_alone() {
    for slice in [shop_inventory::SLICE, shop_notification::SLICE] {
        on_each(async |home| {
            let built = home.builder([slice]).await.build().await;
            let app = home.keep(built.expect("it only listens to the others"));
            assert!(!app.handles("order.PlaceOrder"));
        })
        .await;
    }
}

#[tokio::test]
async fn slices_that_ask_others_say_so_when_they_are_alone() {
    let home = Home::sqlite();
    let error = home.builder([shop_payment::SLICE]).await.build().await.expect_err("it asks `order`");
    let codes: Vec<_> = error.faults().iter().map(|fault| fault.code).collect();
    assert!(codes.iter().all(|code| *code == "AW4109"), "{error}");
    assert!(error.to_string().contains("add the slice `order` to this process"), "{error}");
}
