//! Producers that know nothing of the framework.

use anywise::{Envelope, Outcome, Subscription, Topology, Transport as _};
use async_nats::jetstream::stream;

use crate::server::Corner;

#[tokio::test]
async fn what_another_stream_has_is_taken_in_from_there() {
    let Some(corner) = Corner::new() else { return };
    let (theirs, subject) =
        (format!("THEIRS_{}", corner.stream()), format!("{}-orders.eu.created", corner.prefix));
    let jetstream = corner.jetstream().await;
    let config = stream::Config {
        name: theirs.clone(),
        subjects: vec![format!("{}-orders.>", corner.prefix)],
        ..stream::Config::default()
    };
    jetstream.create_stream(config).await.unwrap();

    let nats = corner.nats().foreign(format!("{}-orders.*.created", corner.prefix), "order.OrderPlaced");
    let mut topology = Topology::of("foreign");
    topology.subscriptions = vec![Subscription::new("stock", ["order.OrderPlaced"])];
    nats.open(&topology).await.unwrap();
    // Once more: what is there is what is asked for.
    nats.open(&topology).await.unwrap();
    let source = nats.subscribe(&topology.subscriptions[0]).await.unwrap();
    jetstream.publish(subject, r#"{"order_id":"o-1"}"#.into()).await.unwrap().await.unwrap();
    let came = source.receive(1).await.unwrap();
    let read = Envelope::from_frame(&came[0].frame, came[0].foreign.as_ref(), false).unwrap();
    assert_eq!((read.name.as_str(), &read.body[..]), ("order.OrderPlaced", &br#"{"order_id":"o-1"}"#[..]));
    source.settle(vec![(came[0].tag, Outcome::Done(None))]).await.unwrap();
    jetstream.delete_stream(theirs).await.unwrap();
}
