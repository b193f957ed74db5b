//! What is declared, and what is said when it cannot be.

use std::time::Duration;

use anywise::{App, Kind, Outcome, Sink as _, Transport as _};
use anywise_rabbitmq::RabbitMq;
use anywise_servers::free_port;
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;

use crate::corner::{
    Corner, PAID, PATIENCE, SENT, done, event, is_drained, publisher, read, receive, settle, stock, topology,
};

mod till {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "till", "Rings.");

    #[command]
    pub(super) struct Ring {}

    #[handler]
    fn ring(_cmd: Ring) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_declared_otherwise_is_an_error_that_names_it() {
    let Some(corner) = Corner::new() else { return };
    let opened = corner.opened(corner.rabbit()).await;
    opened.send(event(PAID, 1)).await.unwrap();
    let other = corner.rabbit().shared(true);
    let error = other.open(&topology(&[PAID])).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "AW2021"), "{error}");
    assert!(error.to_string().contains(&corner.queue("stock")), "{error}");
    assert!(error.to_string().contains("x-single-active-consumer"), "{error}");
    let source = opened.subscribe(&stock(&[PAID])).await.unwrap();
    assert_eq!(receive(&*source, 1).await.len(), 1, "what waits in it is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_does_not_start_with_a_broker_that_refuses_it() {
    let Some(corner) = Corner::new() else { return };
    let uri: lapin::uri::AMQPUri = corner.url.parse().unwrap();
    let (host, port) = (uri.authority.host, uri.authority.port);
    for url in [
        format!("amqp://guest:s3cret-guess@{host}:{port}"),
        format!("amqp://guest:guest@{host}:{port}/no-such-vhost"),
        "amqps://guest:s3cret-guess@[".to_owned(),
        "http://guest:s3cret-guess@there".to_owned(),
    ] {
        let rabbit = RabbitMq::new(&url).prefix(&corner.prefix);
        let error =
            App::builder().slices([till::SLICE]).transport(rabbit).build().await.unwrap_err().to_string();
        assert!(error.contains("AW4140") && error.contains("AW2021"), "{url}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_is_named_without_its_password() {
    let url = format!("amqp://guest:s3cret@127.0.0.1:{}", free_port());
    let rabbit = RabbitMq::new(&url);
    let error = rabbit.send(event(PAID, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"));
    let text = format!("{error} {error:?} {rabbit:?}");
    assert!(text.contains("amqp://127.0.0.1:") && !text.contains("s3cret"), "{text}");
    App::builder().slices([till::SLICE]).transport(rabbit).build().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_hears_less_keeps_what_waits_and_gets_no_more_of_it() {
    let Some(corner) = Corner::new() else { return };
    let before = corner.tidy(corner.rabbit());
    before.open(&topology(&[PAID, SENT])).await.unwrap();
    before.send(event(SENT, 1)).await.unwrap();
    // Another version of the program.
    let after = corner.opened(corner.rabbit()).await;
    after.send(event(SENT, 2)).await.unwrap();
    after.send(event(PAID, 3)).await.unwrap();
    let source = after.subscribe(&stock(&[PAID])).await.unwrap();
    let came = receive(&*source, 2).await;
    let came: Vec<_> = came.iter().map(|one| (read(one).name, one.frame.body.clone())).collect();
    assert_eq!(
        came,
        [(SENT.to_owned(), "{\"number\":1}".into()), (PAID.to_owned(), "{\"number\":3}".into())]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_connects_again_takes_nothing_from_a_newer_one() {
    let Some(corner) = Corner::new() else { return };
    let old = corner.opened(corner.rabbit()).await;
    let new = corner.tidy(corner.rabbit());
    new.open(&topology(&[PAID, SENT])).await.unwrap();
    // As when its source is lost.
    drop(old.subscribe(&stock(&[PAID])).await.unwrap());
    new.send(event(SENT, 1)).await.unwrap();
    let source = new.subscribe(&stock(&[PAID, SENT])).await.unwrap();
    assert_eq!(read(&receive(&*source, 1).await[0]).name, SENT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_vanishes_is_noticed_and_made_again() {
    let Some(corner) = Corner::new() else { return };
    let opened = corner.opened(corner.rabbit()).await;
    let source = opened.subscribe(&stock(&[PAID])).await.unwrap();
    let bare = corner.bare().await;
    bare.channel.queue_delete(corner.queue("stock").into(), QueueDeleteOptions::default()).await.unwrap();
    let error = tokio::time::timeout(PATIENCE, source.receive(1)).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    let source = opened.subscribe(&stock(&[PAID])).await.unwrap();
    opened.send(event(PAID, 1)).await.unwrap();
    assert_eq!(receive(&*source, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_a_queue_of_ours_that_is_gone_is_not_lost() {
    let Some(corner) = Corner::new() else { return };
    let opened = corner.opened(corner.rabbit()).await;
    opened.send(event(PAID, 1)).await.unwrap();
    let bare = corner.bare().await;
    bare.channel.queue_delete(corner.queue("stock").into(), QueueDeleteOptions::default()).await.unwrap();
    let error = opened.send(event(PAID, 2)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2029"), "{error}");
    opened.send(event(PAID, 2)).await.unwrap();
    let source = opened.subscribe(&stock(&[PAID])).await.unwrap();
    assert_eq!(&receive(&*source, 1).await[0].frame.body[..], br#"{"number":2}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_queue_is_a_quorum_queue_from_the_beginning() {
    let Some(corner) = Corner::new() else { return };
    let opened = corner.opened(corner.rabbit()).await;
    opened.open(&publisher()).await.unwrap();
    let bare = corner.bare().await;
    for queue in [corner.queue("stock"), corner.queue("stock.dead")] {
        // A durable queue of another kind is at odds with what is there.
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        let channel = corner.bare().await;
        let error =
            channel.channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("inequivalent arg"), "{error}");
        let passive = QueueDeclareOptions { passive: true, ..options };
        bare.channel.queue_declare(queue.as_str().into(), passive, FieldTable::default()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_held_cannot_be_settled() {
    let Some(corner) = Corner::new() else { return };
    let opened = corner.opened(corner.rabbit()).await;
    let source = opened.subscribe(&stock(&[PAID])).await.unwrap();
    opened.send(event(PAID, 1)).await.unwrap();
    let came = receive(&*source, 1).await;
    done(&*source, &came).await;
    let error = settle(&*source, &came, Outcome::Done(None)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    // And it harms nothing.
    opened.send(event(PAID, 2)).await.unwrap();
    done(&*source, &receive(&*source, 1).await).await;
    is_drained(&*source).await;
    tokio::time::timeout(Duration::from_secs(10), source.close()).await.unwrap().unwrap();
    settle(&*source, &[], Outcome::Done(None)).await.unwrap_err();
}
