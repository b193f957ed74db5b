//! Sends that go wrong, and many at one time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anywise::{Envelope, Kind, Outcome, Sink as _, Subscription, Topology, Transport as _};
use anywise_kafka::Kafka;
use futures_util::future::join_all;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::broker::{Mock, fresh_prefix, kafka, shared};

pub(crate) fn happened(number: usize) -> Envelope {
    Envelope::json("suite.Happened", format!(r#"{{"number":{number}}}"#))
}

/// A mock cluster with the topics of one slice, and Kafka at it.
pub(crate) fn mocked() -> (Mock, Kafka) {
    let (mock, prefix) = (Mock::start(1), fresh_prefix());
    mock.topics(&prefix, &["suite"], &["suite"]);
    let kafka = kafka(mock.url(), &prefix);
    (mock, kafka)
}

pub(crate) fn usual() -> Subscription {
    Subscription::new("suite", ["suite.Happened"])
}

pub(crate) fn topology() -> Topology {
    let mut topology = Topology::of("suite");
    topology.subscriptions = vec![usual()];
    topology
}

#[tokio::test]
async fn what_the_broker_refuses_for_a_while_is_sent_once() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    mock.with(|cluster| {
        use RDKafkaRespErr as Error;
        let errors = [
            Error::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            Error::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            Error::RD_KAFKA_RESP_ERR__TRANSPORT,
        ];
        cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    });
    let event = happened(1);
    kafka.send(event.clone()).await.unwrap();
    let last = happened(2);
    kafka.send(last.clone()).await.unwrap();
    let source = kafka.subscribe(&usual()).await.unwrap();
    let mut came = Vec::new();
    while came.len() < 2 {
        came.extend(source.receive(10).await.unwrap());
    }
    let mut ids: Vec<_> = came.iter().map(|one| one.frame.attribute("id").unwrap().to_owned()).collect();
    let mut sent = [event.id.to_string(), last.id.to_string()];
    ids.sort();
    sent.sort();
    assert_eq!(ids, sent);
}

#[tokio::test]
async fn a_producer_that_has_failed_for_good_is_made_again() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    kafka.send(happened(0)).await.unwrap();
    mock.with(|cluster| {
        // Fatal to an idempotent producer.
        let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH; 20];
        cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    });
    let first = kafka.send(happened(1)).await;
    mock.with(|cluster| cluster.clear_request_errors(RDKafkaApiKey::Produce));
    if let Err(error) = first {
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    }
    kafka.send(happened(2)).await.unwrap();
}

#[tokio::test]
async fn what_is_larger_than_the_broker_takes_is_refused_for_good() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    mock.with(|cluster| {
        let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE];
        cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    });
    let error = kafka.send(happened(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "AW2006"), "{error}");
}

#[tokio::test]
async fn a_broker_that_is_away_is_named_and_a_send_has_its_time() {
    let kafka =
        Kafka::new("127.0.0.1:1").confirm_within(Duration::from_secs(1)).property("sasl.password", "hunter2");
    let error = kafka.open(&topology()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    let began = Instant::now();
    let error = kafka.send(happened(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    assert!(!format!("{error:?}{kafka:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_short_absence_of_the_broker_is_bridged() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    kafka.send(happened(0)).await.unwrap();
    mock.with(|cluster| cluster.broker_down(-1).unwrap());
    let sending = kafka.send(happened(1));
    let back = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        mock.with(|cluster| cluster.broker_up(-1).unwrap());
    };
    let (sent, ()) = tokio::join!(sending, back);
    sent.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_of_a_key_are_written_in_the_order_of_the_calls_and_wait_for_room() {
    let Some(url) = shared() else { return };
    // Room for about eight.
    let kafka = kafka(&url, &fresh_prefix()).send_buffer(10_000);
    kafka.open(&topology()).await.unwrap();
    let events = (0..1_024).map(|number| {
        let mut event = happened(number);
        event.key = Some(format!("key-{}", number % 3));
        event
    });
    let events: Vec<_> = events.collect();
    let sent = join_all(events.iter().map(|event| kafka.send(event.clone()))).await;
    assert!(sent.iter().all(Result::is_ok), "a full buffer makes sends wait");
    let source = kafka.subscribe(&usual()).await.unwrap();
    let mut came: Vec<(String, String)> = Vec::new();
    while came.len() < events.len() {
        let some = source.receive(256).await.unwrap();
        source.settle(some.iter().map(|one| (one.tag, Outcome::Done(None))).collect()).await.unwrap();
        let named = |name: &str, frame: &anywise::Frame| frame.attribute(name).unwrap().to_owned();
        came.extend(some.iter().map(|one| (named("partitionkey", &one.frame), named("id", &one.frame))));
    }
    for key in ["key-0", "key-1", "key-2"] {
        let sent: Vec<_> = events.iter().filter(|event| event.key.as_deref() == Some(key)).collect();
        let sent: Vec<_> = sent.iter().map(|event| event.id.to_string()).collect();
        let came: Vec<_> = came.iter().filter(|(of, _)| of == key).map(|(_, id)| id.clone()).collect();
        assert_eq!(came, sent);
    }
}

#[tokio::test]
async fn sends_that_share_a_transport_outlive_each_other() {
    let (_mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    let kafka = Arc::new(kafka);
    let sends = (0..200).map(|number| {
        let kafka = Arc::clone(&kafka);
        tokio::spawn(async move {
            if number % 2 == 0 {
                // Given up as soon as it was begun.
                drop(kafka.send(happened(number)));
                Ok(())
            } else {
                kafka.send(happened(number)).await
            }
        })
    });
    for sent in join_all(sends).await {
        sent.unwrap().unwrap();
    }
}
