//! The shop with a dead letter in it, for trying out its operations page:
//! `cargo run -p shop --example broken -- 3000`.

use std::error::Error;

use anywise::{Batch, Delivery, Envelope};
use shop::{SLICES, Scratch};
use tokio::net::TcpListener;

/// A listener, and an event that it cannot read.
const TARGET: &str = "shop_order::listeners::mark_paid";
const EVENT: &str = "payment.PaymentSettled";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse::<u16>())?;
    let scratch = Scratch::new();
    let app = shop::builder(SLICES, scratch.data().open().await?).build().await?;
    let mut batch = Batch::default();
    let mut event = Envelope::json(EVENT, r#"{"order_id": "<b>not an order</b>"}"#);
    event.key = Some("o-1".to_owned());
    batch.append = vec![Delivery::new(TARGET, event)];
    app.store().ok_or("it has a store")?.commit(batch).await?;
    app.settled().await;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/anywise/operations", listener.local_addr()?);
    app.serve(shop::http(&app, listener, None)).await?;
    Ok(())
}
