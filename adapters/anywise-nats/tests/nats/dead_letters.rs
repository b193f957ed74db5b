//! Where dead letters go.

use anywise::{Envelope, Outcome, Sink as _, Subscription, Transport as _};

use crate::server::Corner;

#[tokio::test]
async fn a_dead_letter_is_kept_with_its_reason() {
    let Some(corner) = Corner::new() else { return };
    let nats = corner.nats();
    let mut topology = anywise::Topology::of("dead");
    topology.subscriptions = vec![Subscription::new("stock", ["order.OrderPaid"])];
    nats.open(&topology).await.unwrap();
    let source = nats.subscribe(&topology.subscriptions[0]).await.unwrap();
    let mut event = Envelope::json("order.OrderPaid", r#"{"order_id":"o-1"}"#);
    event.headers.insert("tenant", "acme");
    nats.send(event.clone()).await.unwrap();
    let came = source.receive(1).await.unwrap();
    let reason = "AW2005: nobody knows it,\r\nünlucky";
    source.settle(vec![(came[0].tag, Outcome::DeadLetter(reason.into()))]).await.unwrap();

    let dead = corner.jetstream().await.get_stream(format!("{}_DEAD", corner.stream())).await.unwrap();
    let subject = format!("{}.dead.stock", corner.prefix);
    let kept = dead.get_last_raw_message_by_subject(&subject).await.unwrap();
    assert_eq!(kept.payload, event.body);
    let header =
        |name: &str| kept.headers.get(name).map(|value| value.as_str().to_owned()).unwrap_or_default();
    assert_eq!(header("ce-id"), event.id.to_string());
    assert_eq!(header("tenant"), "acme");
    assert_eq!(header("aw-dead-reason"), "AW2005:%20nobody%20knows%20it,%0D%0A%C3%BCnlucky");
    assert_eq!(header("aw-dead-group"), "stock");
    assert_eq!(header("aw-dead-subject"), format!("{}.order.OrderPaid", corner.prefix));
    assert_eq!(header("aw-dead-delivered"), "1");
    assert_eq!(source.lag().await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_kept_comes_again() {
    let Some(corner) = Corner::new() else { return };
    let nats = corner.nats().ack_wait(std::time::Duration::from_secs(1));
    let mut topology = anywise::Topology::of("dead");
    topology.subscriptions = vec![Subscription::new("stock", ["order.OrderPaid"])];
    nats.open(&topology).await.unwrap();
    corner.jetstream().await.delete_stream(format!("{}_DEAD", corner.stream())).await.unwrap();
    let source = nats.subscribe(&topology.subscriptions[0]).await.unwrap();
    nats.send(Envelope::json("order.OrderPaid", "{}")).await.unwrap();
    let came = source.receive(1).await.unwrap();
    let settled = source.settle(vec![(came[0].tag, Outcome::DeadLetter("no".into()))]).await;
    assert_eq!(settled.unwrap_err().code(), "AW2020");
    let again = source.receive(1).await.unwrap();
    assert_eq!(again[0].delivered, Some(2));
}
