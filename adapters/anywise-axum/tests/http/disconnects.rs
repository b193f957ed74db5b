//! A client that hangs up stops nothing that has begun.

use anywise_axum::Limits;

use crate::client::within;
use crate::shop;

const WAIT: &str = "POST /wait HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_handler_runs_to_its_end_when_the_client_is_gone() {
    let (server, gate) = shop::start(Limits::default()).await;
    for _ in 0..20 {
        let mut client = server.client().await;
        client.send(WAIT).await;
        within(gate.begun.acquire()).await.expect("begun").forget();
        drop(client);
        gate.open.add_permits(1);
        within(gate.done.acquire()).await.expect("done").forget();
    }
    assert_eq!(server.get("GET /orders/7", "").await.status, 200);
}

#[tokio::test]
async fn a_stop_waits_for_handlers_whose_client_is_gone() {
    let (server, gate) = shop::start(Limits::default()).await;
    let mut client = server.client().await;
    client.send(WAIT).await;
    within(gate.begun.acquire()).await.expect("begun").forget();
    drop(client);
    let stopping = server.tell_to_stop();
    gate.open.add_permits(1);
    let stopped = within(stopping).await.expect("no panic").expect("served");
    assert_eq!(stopped.left, 0);
    assert_eq!(gate.done.available_permits(), 1);
}

#[tokio::test]
async fn a_client_gone_within_its_body_has_no_effect() {
    let (server, gate) = shop::start(Limits::default()).await;
    let mut client = server.client().await;
    let head =
        "POST /wait HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{";
    client.send(head).await;
    drop(client);
    let stopped = server.stop().await.expect("served");
    assert_eq!((stopped.left, gate.begun.available_permits()), (0, 0));
}
