//! Every message of the shop's contracts reaches its handler over HTTP as it
//! does within the process, and brings the same reply back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use anywise::prelude::*;
use anywise::{Requests, Timestamp};
use anywise_axum::Trust;
use anywise_http::HttpRemote;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shop_contracts::Cents;
use shop_contracts::inventory::{GetStock, Reservation, ReserveStock, SetStock, Sku, StockLevel, StockLine};
use shop_contracts::notification::{ListNotifications, Notification};
use shop_contracts::order::{
    CancelOrder, ConfirmOrder, GetOrder, OrderId, OrderLine, OrderStatus, OrderView, PlaceOrder, PlacedOrder,
};
use shop_contracts::payment::{
    CardToken, CheckedOut, Checkout, CreatePayment, GetPayment, PaymentId, PaymentStatus, PaymentView,
    Receipt, RefundPayment,
};

use crate::server::Server;

anywise::slice!(SLICE = "echo", "Answers the shop's messages with what is in them.");

/// What handlers were given, as text.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn note(&self, message: &impl std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{message:?}"));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[handler]
fn place_order(cmd: PlaceOrder, heard: &Heard) -> PlacedOrder {
    heard.note(&cmd);
    PlacedOrder { order_id: OrderId(cmd.customer) }
}

#[handler]
fn get_order(query: GetOrder, heard: &Heard) -> OrderView {
    heard.note(&query);
    OrderView {
        payment_id: Some(PaymentId(query.order_id.0.clone())),
        order_id: query.order_id,
        customer: "ann".into(),
        status: OrderStatus::Paid,
        total_cents: Cents(i64::MIN),
        lines: Vec::new(),
    }
}

#[handler]
fn confirm_order(cmd: ConfirmOrder, heard: &Heard) {
    heard.note(&cmd);
}

#[handler]
fn cancel_order(cmd: CancelOrder, heard: &Heard) {
    heard.note(&cmd);
}

#[handler]
fn create_payment(cmd: CreatePayment, heard: &Heard) -> Receipt {
    heard.note(&(&cmd.order_id, cmd.amount_cents, &cmd.card.0));
    Receipt { payment_id: PaymentId(cmd.card.0), status: PaymentStatus::Settled }
}

#[handler]
fn get_payment(query: GetPayment, heard: &Heard) -> PaymentView {
    heard.note(&query);
    PaymentView {
        order_id: OrderId(query.payment_id.0.clone()),
        payment_id: query.payment_id,
        amount_cents: Cents(i64::MAX),
        status: PaymentStatus::Refunded,
    }
}

#[handler]
fn refund_payment(cmd: RefundPayment, heard: &Heard) {
    heard.note(&cmd);
}

#[handler]
fn checkout(cmd: Checkout, heard: &Heard) -> CheckedOut {
    heard.note(&(&cmd.customer, &cmd.lines, &cmd.card.0));
    CheckedOut { order_id: OrderId(cmd.customer), payment_id: PaymentId(cmd.card.0) }
}

#[handler]
fn set_stock(cmd: SetStock, heard: &Heard) -> StockLevel {
    heard.note(&cmd);
    StockLevel { sku: cmd.sku, on_hand: cmd.on_hand, reserved: 0 }
}

#[handler]
fn get_stock(query: GetStock, heard: &Heard) -> StockLevel {
    heard.note(&query);
    StockLevel { sku: query.sku, on_hand: 1, reserved: 1 }
}

#[handler]
fn reserve_stock(cmd: ReserveStock, heard: &Heard) -> Reservation {
    heard.note(&cmd);
    cmd.lines.into_iter().next().map_or(Reservation::Reserved, |line| Reservation::Short { sku: line.sku })
}

#[handler]
fn list_notifications(query: ListNotifications, heard: &Heard) -> Vec<Notification> {
    heard.note(&query);
    vec![Notification { at: Timestamp::UNIX_EPOCH, text: query.customer }]
}

/// One process, and another that reaches it over HTTP.
struct Shop {
    runtime: tokio::runtime::Runtime,
    app: App,
    heard: Arc<Heard>,
    requests: Requests,
    _server: Server,
    sent: Mutex<BTreeSet<&'static str>>,
}

impl Shop {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let heard = Arc::new(Heard::default());
        let builder = App::builder().slices([SLICE]).provide_arc(Arc::clone(&heard));
        let app = runtime.block_on(builder.build()).unwrap();
        let serve = Server::of(app.clone(), |http| http.trust(Trust::everybody()).every_message());
        let server = runtime.block_on(serve);
        let requests = Requests::through(HttpRemote::to(&server.url()).unwrap().every_message());
        Self { runtime, app, heard, requests, _server: server, sent: Mutex::default() }
    }

    fn check<M: anywise::Request + Clone>(&self, message: M) -> Result<(), TestCaseError>
    where
        M::Reply: std::fmt::Debug,
    {
        self.sent.lock().unwrap().insert(M::META.wire_name());
        let here = self.runtime.block_on(self.app.send(message.clone()).into_future()).unwrap();
        let heard_here = self.heard.take();
        let far = self.runtime.block_on(self.requests.send(message).into_future());
        prop_assert_eq!(format!("{far:?}"), format!("{:?}", Result::<M::Reply>::Ok(here)));
        prop_assert_eq!(self.heard.take(), heard_here);
        Ok(())
    }
}

fn run<S: Strategy>(strategy: &S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    TestRunner::new(ProptestConfig::with_cases(60)).run(strategy, check).unwrap();
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", "[a-z/%+ .]{0,6}", Just("..".to_owned()), Just(String::new())]
}

fn lines() -> impl Strategy<Value = Vec<OrderLine>> {
    let line = (text(), any::<u32>(), any::<i64>()).prop_map(|(sku, quantity, cents)| OrderLine {
        sku: Sku(sku),
        quantity,
        unit_price_cents: Cents(cents),
    });
    prop::collection::vec(line, 0..4)
}

#[test]
fn every_message_of_the_shop_crosses() {
    let shop = Shop::start();
    run(&(text(), text(), lines()), |(one, other, lines)| {
        let (order_id, payment_id) = (OrderId(one.clone()), PaymentId(other.clone()));
        shop.check(PlaceOrder { customer: one.clone(), lines: lines.clone() })?;
        shop.check(Checkout { customer: one.clone(), lines: lines.clone(), card: CardToken(other) })?;
        shop.check(GetOrder { order_id: order_id.clone() })?;
        shop.check(ConfirmOrder { order_id: order_id.clone(), payment_id: payment_id.clone() })?;
        shop.check(CancelOrder { order_id: order_id.clone() })?;
        shop.check(GetPayment { payment_id: payment_id.clone() })?;
        shop.check(RefundPayment { payment_id })?;
        shop.check(ListNotifications { customer: one.clone() })?;
        let lines = lines.iter().map(StockLine::from).collect();
        shop.check(ReserveStock { order_id, lines })?;
        shop.check(GetStock { sku: Sku(one) })
    });
    run(&(text(), text(), any::<i64>(), any::<u32>()), |(one, other, cents, count)| {
        shop.check(CreatePayment {
            order_id: OrderId(one.clone()),
            amount_cents: Cents(cents),
            card: CardToken(other),
        })?;
        shop.check(SetStock { sku: Sku(one), on_hand: count })
    });
    let catalog = shop.app.catalog();
    let ours = catalog.messages.iter().filter(|message| message.reply.is_some());
    let all: BTreeSet<_> = ours.map(|message| message.name.as_str()).collect();
    assert_eq!(shop.sent.lock().unwrap().iter().copied().collect::<BTreeSet<_>>(), all, "each was sent");
    assert!(all.len() >= 12, "{all:?}");
}
