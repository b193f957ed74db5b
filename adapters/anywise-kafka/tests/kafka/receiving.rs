//! Members of a group: what is committed, what moves, and what is lost.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anywise::{Incoming, Kind, Outcome, Result, Sink as _, Source, Subscription, Transport as _};
use anywise_kafka::Kafka;
use rdkafka::config::FromClientConfig as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::time::{Instant, timeout};

use crate::broker::{client, fresh_prefix, kafka, shared};
use crate::sending::{happened, mocked, topology, usual};

const PATIENCE: Duration = Duration::from_secs(60);

async fn receive(source: &dyn Source, count: usize) -> Vec<Incoming> {
    let mut came = Vec::new();
    while came.len() < count {
        let some = timeout(PATIENCE, source.receive(count - came.len())).await;
        came.extend(some.unwrap_or_else(|_| panic!("{} of {count} came", came.len())).unwrap());
    }
    came
}

async fn settle(source: &dyn Source, came: &[Incoming], outcome: Outcome) -> Result<()> {
    source.settle(came.iter().map(|one| (one.tag, outcome.clone())).collect()).await
}

async fn quiet(source: &dyn Source) {
    let came = timeout(Duration::from_millis(700), source.receive(1)).await;
    assert!(came.is_err(), "something came: {came:?}");
}

fn ids(came: &[Incoming]) -> HashSet<String> {
    came.iter().map(|one| one.frame.attribute("id").unwrap().to_owned()).collect()
}

/// Sends so many with one key, that lie in one partition.
async fn send(kafka: &Kafka, count: usize) {
    for number in 0..count {
        let mut event = happened(number);
        event.key = Some("one".to_owned());
        kafka.send(event).await.unwrap();
    }
}

fn errors(mock: &crate::broker::Mock, key: RDKafkaApiKey, error: RDKafkaRespErr, count: usize) {
    mock.with(move |cluster| cluster.request_errors(key, &vec![error; count]));
}

#[tokio::test]
async fn a_commit_that_is_refused_for_a_while_is_made_again() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 3).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 3).await;
    errors(&mock, RDKafkaApiKey::OffsetCommit, RDKafkaRespErr::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, 3);
    settle(&*source, &came, Outcome::Done(None)).await.unwrap();
    source.close().await.unwrap();
    quiet(&*kafka.subscribe(&usual()).await.unwrap()).await;
}

#[tokio::test]
async fn a_commit_that_is_refused_for_good_is_an_error() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 1).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 1).await;
    errors(
        &mock,
        RDKafkaApiKey::OffsetCommit,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        5,
    );
    let error = settle(&*source, &came, Outcome::Done(None)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "AW2021"), "{error}");
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_kept_is_not_settled() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 2).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 2).await;
    errors(&mock, RDKafkaApiKey::Produce, RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    let settled = vec![(came[0].tag, Outcome::DeadLetter("why".into())), (came[1].tag, Outcome::Done(None))];
    let error = source.settle(settled).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden, "{error}");
    source.close().await.unwrap();
    let source = kafka.subscribe(&usual()).await.unwrap();
    assert!(ids(&receive(&*source, 1).await).is_subset(&ids(&came[..1])), "it comes again");
}

/// The first record of a topic.
async fn dead_letter(
    url: &str,
    topic: String,
) -> (HashMap<String, String>, Option<Vec<u8>>, Option<Vec<u8>>) {
    let mut config = client(url);
    let read = tokio::task::spawn_blocking(move || {
        let reads = BaseConsumer::from_config(config.set("group.id", "looks")).unwrap();
        let mut list = rdkafka::TopicPartitionList::new();
        list.add_partition_offset(&topic, 0, rdkafka::Offset::Beginning).unwrap();
        reads.assign(&list).unwrap();
        let message = reads.poll(PATIENCE).expect("it is kept").unwrap().detach();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let headers = message.headers().unwrap().iter();
        let headers = headers.map(|header| (header.key.to_owned(), text(header.value.unwrap())));
        (headers.collect(), message.key().map(<[u8]>::to_vec), message.payload().map(<[u8]>::to_vec))
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_dead_letter_that_is_too_large_is_kept_in_part() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    let topic = format!("{prefix}.elsewhere");
    let kafka = kafka(&url, &prefix).max_size(2_000).foreign(&topic, "suite.Happened");
    kafka.open(&topology()).await.unwrap();
    crate::interop::produce(&url, &topic, &"x".repeat(5_000), &[("tenant", "acme")]).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 1).await;
    settle(&*source, &came, Outcome::Park("too large".into())).await.unwrap();
    let (headers, _, body) = dead_letter(&url, format!("{prefix}.suite.dead")).await;
    assert_eq!((headers["aw-dead-size"].as_str(), headers["aw-dead-outcome"].as_str()), ("5000", "parked"));
    assert_eq!((headers["aw-dead-event"].as_str(), headers["tenant"].as_str()), ("suite.Happened", "acme"));
    assert_eq!(body.unwrap(), "x".repeat(1_024).into_bytes());
}

#[tokio::test]
async fn a_dead_letter_is_kept_with_its_reason_and_where_it_came_from() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    let kafka = kafka(&url, &prefix);
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 1).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 1).await;
    settle(&*source, &came, Outcome::DeadLetter("ünreadable".into())).await.unwrap();
    let (headers, key, body) = dead_letter(&url, format!("{prefix}.suite.dead")).await;
    let [kind, id, outcome, reason, from] =
        ["ce_type", "ce_id", "aw-dead-outcome", "aw-dead-reason", "aw-dead-from"]
            .map(|name| headers[name].clone());
    assert_eq!(outcome, "dead");
    assert_eq!((kind.as_str(), reason.as_str()), ("suite.Happened", "ünreadable"));
    assert_eq!(id, came[0].frame.attribute("id").unwrap());
    assert!(from.starts_with(&format!("{prefix}.suite/")) && from.ends_with("/0"), "{from}");
    assert_eq!((key.as_deref(), body.as_deref()), (Some(&b"one"[..]), Some(&came[0].frame.body[..])));
}

#[tokio::test]
async fn a_partition_is_read_no_further_than_its_window() {
    let Some(url) = shared() else { return };
    let kafka = kafka(&url, &fresh_prefix()).window(5);
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 12).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 5).await;
    quiet(&*source).await;
    // What ends behind the first does not move the window.
    settle(&*source, &came[1..], Outcome::Done(None)).await.unwrap();
    quiet(&*source).await;
    settle(&*source, &came[..1], Outcome::Done(None)).await.unwrap();
    assert_eq!(receive(&*source, 5).await.len(), 5);
}

#[tokio::test]
async fn a_message_may_be_held_for_longer_than_a_poll_may_take() {
    let (_mock, kafka) = mocked();
    let kafka = kafka.session(Duration::from_secs(6)).property("max.poll.interval.ms", "6000");
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 2).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 2).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    settle(&*source, &came, Outcome::Done(None)).await.unwrap();
    quiet(&*source).await;
    source.close().await.unwrap();
    quiet(&*kafka.subscribe(&usual()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_that_move_are_kept_back_for_what_is_under_way() {
    let (mock, kafka) = mocked();
    let kafka = kafka.drain(PATIENCE);
    kafka.open(&topology()).await.unwrap();
    let events: Vec<_> = (0..40).map(happened).collect();
    for (number, mut event) in events.into_iter().enumerate() {
        event.key = Some(format!("key-{number}"));
        kafka.send(event).await.unwrap();
    }
    let one = kafka.subscribe(&usual()).await.unwrap();
    let held = receive(&*one, 40).await;
    let other = Kafka::new(mock.url()).prefix(prefix_of(&kafka)).accept_weaker_durability();
    let two = other.subscribe(&usual()).await.unwrap();
    let early = timeout(Duration::from_secs(2), two.receive(40)).await;
    assert!(early.is_err(), "what is under way came to another: {early:?}");
    settle(&*one, &held, Outcome::Done(None)).await.unwrap();
    // Now they move; nothing that was settled comes with them.
    for number in 0..40 {
        let mut event = happened(100 + number);
        event.key = Some(format!("key-{number}"));
        kafka.send(event).await.unwrap();
    }
    let (mut came, mut both) = (Vec::new(), [0, 0]);
    let until = Instant::now() + PATIENCE;
    while came.len() < 40 || both.contains(&0) {
        assert!(Instant::now() < until, "only {both:?} came");
        for (at, source) in [&one, &two].into_iter().enumerate() {
            let Ok(some) = timeout(Duration::from_millis(50), source.receive(40)).await else { continue };
            let some = some.unwrap();
            settle(&**source, &some, Outcome::Done(None)).await.unwrap();
            both[at] += some.len();
            came.extend(some);
        }
        if came.len() >= 40 && both.contains(&0) {
            let mut event = happened(0);
            event.key = Some(format!("key-{}", came.len()));
            kafka.send(event).await.unwrap();
        }
    }
    assert!(ids(&came).is_disjoint(&ids(&held)), "what was settled came again");
}

/// The prefix, as it is shown.
fn prefix_of(kafka: &Kafka) -> String {
    let shown = format!("{kafka:?}");
    let (_, rest) = shown.split_once("prefix: \"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_too_long_comes_again_elsewhere_and_settling_it_is_no_error() {
    let (mock, kafka) = mocked();
    let kafka = kafka.drain(Duration::from_millis(300));
    kafka.open(&topology()).await.unwrap();
    for number in 0..40 {
        let mut event = happened(number);
        event.key = Some(format!("key-{number}"));
        kafka.send(event).await.unwrap();
    }
    let one = kafka.subscribe(&usual()).await.unwrap();
    let held = receive(&*one, 40).await;
    let other = Kafka::new(mock.url()).prefix(prefix_of(&kafka)).accept_weaker_durability();
    let two = other.subscribe(&usual()).await.unwrap();
    let again = timeout(PATIENCE, two.receive(40)).await.unwrap().unwrap();
    assert!(ids(&again).is_subset(&ids(&held)));
    settle(&*one, &held, Outcome::Done(None)).await.unwrap();
    settle(&*two, &again, Outcome::Done(None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_absence_is_not_noticed_and_a_long_one_is_an_error() {
    let (mock, kafka) = mocked();
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 4).await;
    let source: Arc<dyn Source> = Arc::from(kafka.subscribe(&usual()).await.unwrap());
    let came = receive(&*source, 2).await;
    mock.with(|cluster| cluster.broker_down(-1).unwrap());
    tokio::time::sleep(Duration::from_secs(2)).await;
    mock.with(|cluster| cluster.broker_up(-1).unwrap());
    settle(&*source, &came, Outcome::Done(None)).await.unwrap();
    let more = receive(&*source, 2).await;
    assert!(ids(&more).is_disjoint(&ids(&came)));

    mock.with(|cluster| cluster.broker_down(-1).unwrap());
    let began = Instant::now();
    let lost = timeout(Duration::from_secs(30), source.receive(1)).await.expect("it is noticed");
    let error = lost.expect_err("nobody answers");
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
    let closing = Instant::now();
    drop(source.close().await);
    assert!(closing.elapsed() < Duration::from_secs(2), "closing took {:?}", closing.elapsed());
    let error = kafka.open(&topology()).await.expect_err("nobody answers");
    assert_eq!(error.kind(), Kind::Unavailable);
    mock.with(|cluster| cluster.broker_up(-1).unwrap());
    let source = kafka.subscribe(&usual()).await.unwrap();
    let again = receive(&*source, 2).await;
    assert_eq!(ids(&again), ids(&more), "what was not settled comes again, and nothing else");
}

#[tokio::test]
async fn a_static_member_that_is_restarted_goes_on_where_it_was() {
    let (_mock, kafka) = mocked();
    // The mock cluster knows no static members: it waits for the first one's
    // session, as it would for any that does not leave.
    let kafka = kafka.instance("pod-1").session(Duration::from_secs(6));
    kafka.open(&topology()).await.unwrap();
    send(&kafka, 4).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let came = receive(&*source, 4).await;
    settle(&*source, &came[..2], Outcome::Done(None)).await.unwrap();
    source.close().await.unwrap();
    let source = kafka.subscribe(&usual()).await.unwrap();
    assert_eq!(ids(&receive(&*source, 2).await), ids(&came[2..]));
}

#[tokio::test]
async fn a_group_that_hears_of_another_slice_while_it_runs_begins_there_with_what_comes() {
    let Some(url) = shared() else { return };
    let kafka = kafka(&url, &fresh_prefix());
    let mut topology = topology();
    topology.events = vec!["other.Ended".to_owned()];
    kafka.open(&topology).await.unwrap();
    let ended = |number| {
        let mut event = happened(number);
        event.name = "other.Ended".to_owned();
        event
    };
    kafka.send(ended(1)).await.unwrap();
    let runs = kafka.subscribe(&usual()).await.unwrap();
    send(&kafka, 1).await;
    let came = receive(&*runs, 1).await;
    settle(&*runs, &came, Outcome::Done(None)).await.unwrap();
    let more = Subscription::new("suite", ["suite.Happened", "other.Ended"]);
    let newer = kafka.subscribe(&more).await.unwrap();
    let after = ended(2);
    kafka.send(after.clone()).await.unwrap();
    let came = receive(&*newer, 1).await;
    assert_eq!(ids(&came), HashSet::from([after.id.to_string()]), "what was there before is not heard");
}

#[tokio::test]
async fn a_structured_event_of_another_kind_is_passed_over() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    let kafka = kafka(&url, &prefix);
    kafka.open(&topology()).await.unwrap();
    let event = |name: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"/x","type":"{name}","data":{{"n":1}}}}"#)
    };
    let topic = format!("{prefix}.suite");
    let source = kafka.subscribe(&usual()).await.unwrap();
    for name in ["suite.Ended", "suite.Happened"] {
        crate::interop::produce(
            &url,
            &topic,
            &event(name),
            &[("content-type", "application/cloudevents+json")],
        )
        .await;
    }
    let came = receive(&*source, 1).await;
    let envelope = anywise::Envelope::from_frame(&came[0].frame, None, false).unwrap();
    assert_eq!(envelope.name, "suite.Happened");
    settle(&*source, &came, Outcome::Done(None)).await.unwrap();
    quiet(&*source).await;
}
