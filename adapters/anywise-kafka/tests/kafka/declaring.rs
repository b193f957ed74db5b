//! What is there, and what is asked for.

use anywise::{Kind, Subscription, Topology, Transport as _};
use anywise_kafka::{Kafka, Missing};

use crate::broker::{fresh_prefix, kafka, shared};
use crate::sending::{mocked, topology};

#[tokio::test]
async fn a_topic_that_is_missing_is_named_when_it_may_not_be_created() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    let error = kafka(&url, &prefix).missing(Missing::Refuse).open(&topology()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::NotFound, "AW2021"), "{error}");
    assert!(error.to_string().contains(&format!("{prefix}.suite")), "{error}");
    // Once another has made them it starts.
    kafka(&url, &prefix).open(&topology()).await.unwrap();
    kafka(&url, &prefix).missing(Missing::Refuse).open(&topology()).await.unwrap();
}

#[tokio::test]
async fn another_number_of_partitions_is_a_conflict_that_says_both() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    kafka(&url, &prefix).open(&topology()).await.unwrap();
    let error = kafka(&url, &prefix).partitions(7).open(&topology()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "AW2021"), "{error}");
    let text = error.to_string();
    assert!(text.contains("has 4 partitions") && text.contains("7 are asked for"), "{text}");
    // Who says nothing takes them as they are.
    let any = Kafka::new(&url).prefix(&prefix).accept_weaker_durability();
    any.open(&topology()).await.unwrap();
}

#[tokio::test]
async fn one_replica_is_refused_unless_it_is_accepted() {
    let (mock, _) = mocked();
    let prefix = fresh_prefix();
    mock.topics(&prefix, &["suite"], &["suite"]);
    let strict = Kafka::new(mock.url()).prefix(&prefix);
    let error = strict.open(&topology()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW3023"), "{error}");
    assert!(error.to_string().contains("accept_weaker_durability"), "{error}");
    strict.accept_weaker_durability().open(&topology()).await.unwrap();
}

#[tokio::test]
async fn what_the_guarantees_rest_on_cannot_be_set() {
    for name in ["enable.auto.commit", "acks", "group.id", "enable.idempotence"] {
        let error = Kafka::new("127.0.0.1:1").property(name, "1").open(&topology()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW2021"), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = Kafka::new("127.0.0.1:1").property("no.such", "secret").open(&topology()).await.unwrap_err();
    assert_eq!(error.code(), "AW2021");
    assert!(error.to_string().contains("no.such") && !error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_name_that_is_no_topic_is_refused() {
    let mut topology = Topology::of("suite");
    topology.subscriptions = vec![Subscription::new("a group", ["suite.Happened"])];
    let error = Kafka::new("127.0.0.1:1").open(&topology).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unprocessable, "AW2022"), "{error}");
    assert!(error.to_string().contains("a group"), "{error}");
}
