//! What becomes of what is published.

use std::time::Duration;

use anywise::{Envelope, Kind, Sink as _, Transport as _};
use futures_util::future::join_all;
use lapin::options::{QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};

use crate::corner::{Corner, PAID, PATIENCE, SENT, event, publisher, receive, stock};
use crate::own::Own;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_must_be_heard_is_not_lost_while_nobody_does() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.tidy(corner.rabbit().require_route(PAID));
    rabbit.open(&publisher()).await.unwrap();
    let error = rabbit.send(event(PAID, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2029"), "{error}");
    rabbit.send(event(SENT, 1)).await.unwrap();
    let there = corner.opened(corner.rabbit()).await;
    rabbit.send(event(PAID, 1)).await.unwrap();
    let source = there.subscribe(&stock(&[PAID])).await.unwrap();
    assert_eq!(receive(&*source, 1).await.len(), 1);
    let all = corner.tidy(corner.rabbit().require_routes());
    all.open(&publisher()).await.unwrap();
    assert_eq!(all.send(event(SENT, 1)).await.unwrap_err().code(), "AW2029");
}

/// The client hands what was returned to whichever publish is confirmed next.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_publishes_is_told_what_became_of_itself() {
    const UNHEARD: &str = "order.OrderLost";
    let Some(corner) = Corner::new() else { return };
    let there = corner.opened(corner.rabbit()).await;
    let rabbit = corner.rabbit().require_route(PAID).require_route(UNHEARD);
    rabbit.open(&publisher()).await.unwrap();
    let names = [PAID, UNHEARD, SENT, UNHEARD, PAID, PAID, SENT];
    for round in 0..5 {
        let events = (0..700).map(|number| event(names[(number * (round + 1)) % names.len()], number));
        let sending = events.map(|event| async { (event.name.clone(), rabbit.send(event).await) });
        for (name, sent) in join_all(sending).await {
            match name.as_str() {
                UNHEARD => assert_eq!(sent.unwrap_err().code(), "AW2029"),
                _ => sent.unwrap(),
            }
        }
    }
    let source = there.subscribe(&stock(&[PAID])).await.unwrap();
    assert_eq!(receive(&*source, 400).await.len(), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_do_not_fit_are_refused_and_harm_nobody() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit()).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let with = |name: String, value: String| {
        let mut event = event(PAID, 1);
        event.headers.insert(name, value);
        event
    };
    let too_large = [with("large".into(), "x".repeat(140_000)), with("n".repeat(256), "x".into())];
    let last = with("large".into(), "x".repeat(120_000));
    for event in too_large {
        let (refused, sent) = tokio::join!(rabbit.send(event), rabbit.send(last.clone()));
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "AW2006"), "{error}");
        sent.unwrap();
    }
    assert_eq!(receive(&*source, 2).await[1].frame.headers.get("large").unwrap().len(), 120_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_brokers_own_limit_is_refused_for_good_and_the_others_are_not() {
    let Some(own) = tokio::task::spawn_blocking(|| Own::start(|_| String::new())).await.unwrap() else {
        return;
    };
    // It takes bodies of 100 000 bytes.
    let corner = Corner::at(&own.url());
    let rabbit = corner.opened(corner.rabbit()).await;
    let large = Envelope::new(PAID, "application/octet-stream", vec![7; 100_001]);
    let (large, ..) =
        tokio::join!(rabbit.send(large), rabbit.send(event(PAID, 1)), rabbit.send(event(PAID, 2)));
    let error = large.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "AW2006"), "{error}");
    rabbit.send(event(PAID, 3)).await.unwrap();
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    while &receive(&*source, 1).await[0].frame.body[..] != br#"{"number":3}"# {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_a_full_queue_does_not_take_may_be_sent_again() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit()).await;
    let bare = corner.bare().await;
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    let queue: lapin::types::ShortString = corner.queue("full").into();
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    bare.channel.queue_declare(queue.clone(), options, arguments).await.unwrap();
    let exchange = corner.prefix.as_str().into();
    let binding = (QueueBindOptions::default(), FieldTable::default());
    bare.channel.queue_bind(queue.clone(), exchange, PAID.into(), binding.0, binding.1).await.unwrap();
    rabbit.send(event(PAID, 1)).await.unwrap();
    let error = rabbit.send(event(PAID, 2)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    bare.channel.queue_delete(queue, QueueDeleteOptions::default()).await.unwrap();
    rabbit.send(event(PAID, 2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_in_flight_hold_up_nobody_for_good() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.opened(corner.rabbit().in_flight(2)).await;
    let sending = join_all((0..200).map(|number| rabbit.send(event(PAID, number))));
    let sent = tokio::time::timeout(PATIENCE, sending).await.unwrap();
    for one in sent {
        one.unwrap();
    }
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let came = receive(&*source, 200).await;
    let numbers: Vec<_> = came.iter().map(|one| crate::corner::body(&one.frame).to_owned()).collect();
    let expected: Vec<_> = (0..200).map(|number| format!(r#"{{"number":{number}}}"#)).collect();
    assert_eq!(numbers, expected, "in the order in which they were handed in");
    tokio::time::timeout(Duration::from_secs(10), source.close()).await.unwrap().unwrap();
}
