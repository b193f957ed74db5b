//! What a group could not handle.

use anywise::{Envelope, Kind, Outcome, Sink as _, Transport as _};
use lapin::options::QueueDeleteOptions;
use lapin::types::{AMQPValue, FieldTable};

use crate::corner::{Corner, PAID, event, is_drained, receive, settle, stock};

fn header(headers: &FieldTable, name: &str) -> String {
    match &headers.inner()[name] {
        AMQPValue::LongString(text) => text.to_string(),
        other => panic!("{name} is {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_kept_as_it_was_with_the_reason() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit()).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let mut sent = Envelope::new(PAID, "application/octet-stream", vec![0, 159, 146, 150]);
    sent.headers.insert("tenant", "acme");
    rabbit.send(sent.clone()).await.unwrap();
    rabbit.send(event(PAID, 2)).await.unwrap();
    let came = receive(&*source, 2).await;
    settle(&*source, &came[..1], Outcome::DeadLetter("AW1002: Zürich\r\n".into())).await.unwrap();
    settle(&*source, &came[1..], Outcome::Park("a newer program knows it".into())).await.unwrap();
    is_drained(&*source).await;
    let dead = corner.pop(&corner.queue("stock.dead")).await.unwrap().delivery;
    let headers = dead.properties.headers().as_ref().unwrap();
    assert_eq!(dead.data, sent.body);
    assert_eq!(header(headers, "aw-dead-reason"), "AW1002: Zürich\r\n");
    assert_eq!(header(headers, "aw-dead-outcome"), "dead");
    assert_eq!(header(headers, "aw-dead-exchange"), corner.prefix);
    assert_eq!(header(headers, "aw-dead-routing-key"), PAID);
    assert_eq!(
        (header(headers, "tenant"), header(headers, "cloudEvents_id")),
        ("acme".into(), sent.id.to_string())
    );
    let parked = corner.pop(&corner.queue("stock.dead")).await.unwrap().delivery;
    assert_eq!(header(parked.properties.headers().as_ref().unwrap(), "aw-dead-outcome"), "parked");
    assert!(corner.pop(&corner.queue("stock.dead")).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_is_put_back_is_the_message_it_was() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit()).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    rabbit.send(event(PAID, 1)).await.unwrap();
    let came = receive(&*source, 1).await;
    settle(&*source, &came, Outcome::DeadLetter("no".into())).await.unwrap();
    let dead = corner.pop(&corner.queue("stock.dead")).await.unwrap().delivery;
    // As an operator does, with whatever tool.
    let bare = corner.bare().await;
    let options = lapin::options::BasicPublishOptions::default();
    let to = (corner.prefix.as_str().into(), PAID.into());
    bare.channel.basic_publish(to.0, to.1, options, &dead.data, dead.properties).await.unwrap();
    let again = receive(&*source, 1).await;
    assert_eq!(again[0].frame, came[0].frame);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_cannot_be_kept_comes_again() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit()).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    rabbit.send(event(PAID, 1)).await.unwrap();
    let came = receive(&*source, 1).await;
    let bare = corner.bare().await;
    let dead = corner.queue("stock.dead");
    bare.channel.queue_delete(dead.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    let error = settle(&*source, &came, Outcome::DeadLetter("no".into())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    source.close().await.unwrap();
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let again = receive(&*source, 1).await;
    assert_eq!(again[0].frame, came[0].frame);
    settle(&*source, &again, Outcome::DeadLetter("no".into())).await.unwrap();
    assert!(corner.pop(&dead).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_that_are_settled_with_a_dead_letter_are_settled() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit()).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    for number in 0..6 {
        rabbit.send(event(PAID, number)).await.unwrap();
    }
    let came = receive(&*source, 6).await;
    let outcomes = [
        Outcome::Done(None),
        Outcome::DeadLetter("no".into()),
        Outcome::Retry(std::time::Duration::ZERO),
        Outcome::Skip,
        Outcome::Stop,
        Outcome::Done(None),
    ];
    source.settle(came.iter().map(|one| one.tag).zip(outcomes).collect()).await.unwrap();
    let retried = receive(&*source, 1).await;
    assert_eq!((&retried[0].frame, retried[0].delivered), (&came[2].frame, Some(2)));
    source.close().await.unwrap();
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let left: Vec<_> = receive(&*source, 2).await.into_iter().map(|one| one.frame).collect();
    assert!(left.contains(&came[2].frame) && left.contains(&came[4].frame), "{left:?}");
    assert!(corner.pop(&corner.queue("stock.dead")).await.is_some());
}
