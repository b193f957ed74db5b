//! The messages and functions the tests send requests to.

use std::sync::Arc;
use std::time::Duration;

use anywise::prelude::*;
use anywise_axum::{Http, Limits};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::client::{Server, Serving};

anywise::slice!(pub(crate) SLICE = "shop", "What the HTTP tests need.");

/// Places an order.
#[command(reply = Placed, http("POST /orders", status = 201, location = "/orders/{order_id}"))]
pub(crate) struct PlaceOrder {
    pub(crate) a: u32,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) lines: Vec<Line>,
    #[serde(default)]
    pub(crate) price: f64,
}

#[data]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: u8,
}

#[data]
pub(crate) struct Placed {
    pub(crate) order_id: String,
}

#[handler]
fn place_order(cmd: PlaceOrder) -> Placed {
    Placed { order_id: format!("o/{}", cmd.a) }
}

/// An id with a type of its own.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderId(pub(crate) u64);

#[query(reply = String, http = "GET /orders/{order_id}")]
pub(crate) struct GetOrder {
    pub(crate) order_id: OrderId,
    #[serde(default)]
    pub(crate) limit: Option<u8>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) deep: bool,
}

#[handler]
fn get_order(query: GetOrder) -> String {
    format!("{} {:?} {:?} {}", query.order_id.0, query.limit, query.tags, query.deep)
}

#[command(http = "DELETE /orders/{id}")]
pub(crate) struct DeleteOrder {
    pub(crate) id: u64,
}

#[derive(Debug, Fault)]
pub(crate) enum OrderFault {
    #[fault(kind = not_found, code = "order.not_found", message = "there is no order {0}")]
    NotFound(u64),
}

#[handler]
fn delete_order(cmd: DeleteOrder) -> Result<(), OrderFault> {
    if cmd.id == 404 { Err(OrderFault::NotFound(cmd.id)) } else { Ok(()) }
}

#[command(reply = String, http = "PUT /stock/{sku}")]
pub(crate) struct SetStock {
    pub(crate) sku: String,
    pub(crate) on_hand: u32,
}

#[handler]
fn set_stock(cmd: SetStock) -> String {
    format!("{} {}", cmd.sku, cmd.on_hand)
}

/// A command without fields.
#[command(http = "POST /ping")]
pub(crate) struct Ping;

#[handler]
fn ping(_: Ping) {}

#[command(http = "POST /fail")]
pub(crate) struct Fail {
    pub(crate) how: String,
}

#[handler]
async fn fail(cmd: Fail) -> Result<()> {
    match cmd.how.as_str() {
        "panic" => panic!("the secret reason"),
        "late panic" => {
            tokio::task::yield_now().await;
            panic!("the secret reason");
        }
        "busy" => Err(Error::new(Kind::Unavailable, "AW1121", "the secret reason")),
        "often" => {
            Err(Error::new(Kind::RateLimited, "AW1120", "too often").with_retry_after(Duration::from_secs(7)))
        }
        "who" => Err(Error::new(Kind::Unauthenticated, "AW1101", "who are you?")),
        _ => Err(Error::internal("the secret reason")),
    }
}

#[query(reply = Vec<String>, http = "GET /context")]
pub(crate) struct AskContext;

#[handler]
fn ask_context(_: AskContext, context: Context) -> Vec<String> {
    let headers = context.headers().iter().map(|(name, value)| format!("{name}: {value}"));
    let trace = context.trace().map(|trace| trace.parent().to_owned());
    headers.chain(context.correlation_id().map(str::to_owned)).chain(trace).collect()
}

/// Waits at the gate.
#[command(http = "POST /wait")]
pub(crate) struct Wait;

/// What a test and a handler meet at.
pub(crate) struct Gate {
    pub(crate) begun: Semaphore,
    pub(crate) open: Semaphore,
    pub(crate) done: Semaphore,
}

#[handler]
async fn wait(_: Wait, gate: &Gate) -> Result<()> {
    gate.begun.add_permits(1);
    gate.open.acquire().await?.forget();
    gate.done.add_permits(1);
    Ok(())
}

/// A served application and the gate of its [`Wait`].
pub(crate) async fn start(limits: Limits) -> (Server<anywise::Result<anywise::Stopped>>, Arc<Gate>) {
    let gate = Gate { begun: Semaphore::new(0), open: Semaphore::new(0), done: Semaphore::new(0) };
    let gate = Arc::new(gate);
    let app =
        App::builder().slices([SLICE]).provide_arc(Arc::clone(&gate)).build().await.expect("well wired");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = Server::of(listener, |listener, stopped| -> Serving<_> {
        Box::pin(async move { app.serve_until(Http::on(listener).limits(limits), stopped).await })
    });
    (server, gate)
}
