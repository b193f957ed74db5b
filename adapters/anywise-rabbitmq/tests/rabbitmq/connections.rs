//! Connections that are cut, or go silent.

use std::time::{Duration, Instant};

use anywise::{Kind, Outcome, Sink as _, Source, Transport as _};
use anywise_rabbitmq::RabbitMq;
use futures_util::future::join_all;

use crate::corner::{Corner, PAID, PATIENCE, Tidy, event, receive, settle, stock, topology};
use crate::proxy::Proxy;

/// A way to the shared broker, and a transport on it that is quick to notice.
async fn through(corner: &Corner) -> (Proxy, RabbitMq) {
    let proxy = Proxy::to(&corner.url).await;
    let rabbit = RabbitMq::new(proxy.url()).prefix(&corner.prefix);
    (proxy, rabbit.heartbeat(Duration::from_secs(1)).patience(Duration::from_secs(2)))
}

/// Subscribes until it succeeds, as core does: the client may not have noticed
/// yet that the connection is gone.
async fn subscribe_again(rabbit: &Tidy) -> Box<dyn Source> {
    let end = Instant::now() + PATIENCE;
    loop {
        match rabbit.subscribe(&stock(&[PAID])).await {
            Ok(source) => return source,
            Err(error) => assert!(error.kind() == Kind::Unavailable && Instant::now() < end, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_silent_is_given_up() {
    let Some(corner) = Corner::new() else { return };
    let (proxy, rabbit) = through(&corner).await;
    let rabbit = corner.opened(rabbit).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    proxy.silence();
    let began = Instant::now();
    let error = tokio::time::timeout(PATIENCE, source.receive(1)).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    let error = rabbit.send(event(PAID, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    proxy.reopen();
    let source = subscribe_again(&rabbit).await;
    rabbit.send(event(PAID, 2)).await.unwrap();
    while &receive(&*source, 1).await[0].frame.body[..] != br#"{"number":2}"# {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_flight_when_the_connection_is_cut_may_be_sent_again() {
    let Some(corner) = Corner::new() else { return };
    let (proxy, rabbit) = through(&corner).await;
    let rabbit = corner.opened(rabbit).await;
    proxy.silence();
    let events: Vec<_> = (0..100).map(|number| event(PAID, number)).collect();
    let sending = join_all(events.iter().map(|event| rabbit.send(event.clone())));
    let cutting = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.close();
    };
    let (sent, ()) = tokio::join!(sending, cutting);
    for sent in sent {
        let error = sent.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    }
    proxy.reopen();
    join_all(events.iter().map(|event| rabbit.send(event.clone())))
        .await
        .into_iter()
        .for_each(|sent| sent.unwrap());
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    assert_eq!(receive(&*source, 100).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_that_the_broker_did_not_hear_is_an_error_and_comes_again() {
    let Some(corner) = Corner::new() else { return };
    let (proxy, rabbit) = through(&corner).await;
    let rabbit = corner.opened(rabbit).await;
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    rabbit.send(event(PAID, 1)).await.unwrap();
    let came = receive(&*source, 1).await;
    proxy.silence();
    let error = settle(&*source, &came, Outcome::Done(None)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    proxy.reopen();
    let source = subscribe_again(&rabbit).await;
    assert_eq!(receive(&*source, 1).await[0].frame, came[0].frame);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_publish_to_a_broker_that_does_not_answer_wait_together() {
    let Some(corner) = Corner::new() else { return };
    let (proxy, rabbit) = through(&corner).await;
    proxy.silence();
    let began = Instant::now();
    for sent in join_all((0..50).map(|number| rabbit.send(event(PAID, number)))).await {
        assert_eq!(sent.unwrap_err().code(), "AW2020");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_finds_its_broker_later() {
    let Some(corner) = Corner::new() else { return };
    let (proxy, rabbit) = through(&corner).await;
    proxy.close();
    let rabbit = corner.tidy(rabbit);
    let error = rabbit.open(&topology(&[PAID])).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    proxy.reopen();
    rabbit.open(&topology(&[PAID])).await.unwrap();
}
