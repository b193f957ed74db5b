//! What is declared at the server, and what is there already.

use std::time::Duration;

use anywise::{Envelope, Kind, Outcome, Result, Sink as _, Subscription, Topology, Transport};
use anywise_nats::Nats;
use async_nats::jetstream::consumer::{self, AckPolicy};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};

use crate::server::Corner;

const PAID: &str = "order.OrderPaid";
const SHIPPED: &str = "order.OrderShipped";

fn topology(events: &[&str]) -> Topology {
    let mut topology = Topology::of("declaring");
    topology.subscriptions = vec![Subscription::new("stock", events.iter().copied())];
    topology
}

async fn open(nats: &Nats) -> Result<()> {
    nats.open(&topology(&[PAID])).await
}

#[tokio::test]
async fn what_is_declared_is_what_the_documents_say() {
    let Some(corner) = Corner::new() else { return };
    open(&corner.nats()).await.unwrap();
    let jetstream = corner.jetstream().await;
    let stream = jetstream.get_stream(corner.stream()).await.unwrap();
    let config = &stream.cached_info().config;
    assert_eq!(config.subjects, [format!("{}.order.>", corner.prefix)]);
    assert_eq!((config.storage, config.discard), (StorageType::File, DiscardPolicy::New));
    assert_eq!(config.max_age, Duration::from_secs(7 * 24 * 3600));
    assert_eq!(config.duplicate_window, Duration::from_secs(120));
    let consumer = stream.consumer_info("stock").await.unwrap().config;
    assert_eq!(consumer.ack_policy, AckPolicy::Explicit);
    assert_eq!((consumer.ack_wait, consumer.max_deliver), (Duration::from_secs(30), -1));
    assert_eq!(consumer.max_ack_pending, 512);
    let dead = jetstream.get_stream(format!("{}_DEAD", corner.stream())).await.unwrap();
    assert_eq!(dead.cached_info().config.subjects, [format!("{}.dead.>", corner.prefix)]);
    assert_eq!(dead.cached_info().config.max_age, Duration::ZERO);
}

#[tokio::test]
async fn many_processes_declare_at_the_same_moment() {
    let Some(corner) = Corner::new() else { return };
    let names: Vec<_> = (0..16).map(|slice| format!("slice{slice}.Happened")).collect();
    let opening = names.iter().map(|name| {
        let nats = corner.nats();
        async move {
            let mut topology = Topology::of("declaring");
            topology.subscriptions = vec![Subscription::new(name.replace('.', "_"), [name.clone()])];
            nats.open(&topology).await?;
            // What another process forgot to take in is taken in now.
            nats.send(Envelope::json(name.clone(), "{}")).await
        }
    });
    futures_util::future::try_join_all(opening).await.unwrap();
    let mut stream = corner.jetstream().await.get_stream(corner.stream()).await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 16);
}

#[tokio::test]
async fn settings_of_an_operator_stay() {
    let Some(corner) = Corner::new() else { return };
    open(&corner.nats()).await.unwrap();
    let jetstream = corner.jetstream().await;
    let stream = jetstream.get_stream(corner.stream()).await.unwrap();
    let mut config = stream.cached_info().config.clone();
    config.max_age = Duration::from_secs(3600);
    config.max_bytes = 1_000_000;
    config.description = Some("by hand".into());
    jetstream.update_stream(&config).await.unwrap();
    // One that takes in more, and one that asks for what is there.
    corner.nats().open(&topology(&[PAID, "payment.Charged"])).await.unwrap();
    open(&corner.nats().max_bytes(1_000_000)).await.unwrap();
    let stream = jetstream.get_stream(corner.stream()).await.unwrap();
    let now = &stream.cached_info().config;
    assert_eq!(
        (now.max_age, now.max_bytes, &now.description),
        (config.max_age, 1_000_000, &config.description)
    );
    assert_eq!(now.subjects.len(), 2);
}

#[tokio::test]
async fn a_stream_that_contradicts_is_named_with_the_remedy() {
    let Some(corner) = Corner::new() else { return };
    open(&corner.nats()).await.unwrap();
    let error = open(&corner.nats().keep(Duration::from_secs(60))).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("AW2021", Kind::Conflict), "{error}");
    assert!(
        error.to_string().contains(&format!("nats stream edit {} --max-age", corner.stream())),
        "{error}"
    );
    for nats in [corner.nats().replicas(3), corner.nats().dedup_window(Duration::from_secs(5))] {
        assert_eq!(open(&nats).await.unwrap_err().code(), "AW2021");
    }
    // The dead letters' stream has no age: that is compared too.
    let error = open(&corner.nats().keep_dead(Duration::from_secs(60))).await.unwrap_err();
    assert!(error.to_string().contains("_DEAD"), "{error}");
}

#[tokio::test]
async fn streams_that_cannot_serve_are_refused() {
    type Change = fn(&mut stream::Config);
    let changes: [(&str, Change); 4] = [
        ("AW3023", |config| config.storage = StorageType::Memory),
        ("AW3023", |config| (config.discard, config.max_messages) = (DiscardPolicy::Old, 10)),
        ("AW2021", |config| config.retention = RetentionPolicy::WorkQueue),
        ("AW2021", |config| config.no_ack = true),
    ];
    for (code, change) in changes {
        let Some(corner) = Corner::new() else { return };
        let mut config = stream::Config {
            name: corner.stream(),
            subjects: vec![format!("{}.order.>", corner.prefix)],
            ..stream::Config::default()
        };
        change(&mut config);
        corner.jetstream().await.create_stream(config).await.unwrap();
        let error = open(&corner.nats()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        if code == "AW3023" {
            open(&corner.nats().accept_weaker_durability()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_in_memory_is_a_choice_that_is_made_twice() {
    let Some(corner) = Corner::new() else { return };
    let error = open(&corner.nats().in_memory()).await.unwrap_err();
    assert_eq!(error.code(), "AW3023", "{error}");
    let nats = corner.nats().in_memory().accept_weaker_durability();
    open(&nats).await.unwrap();
    assert!(!nats.traits().durable);
}

#[tokio::test]
async fn one_stream_has_one_prefix() {
    let Some(corner) = Corner::new() else { return };
    let (dots, words) = (format!("{}.a", corner.prefix), format!("{}_a", corner.prefix));
    let nats = |prefix: &str| Nats::new(corner.url.clone()).prefix(prefix);
    open(&nats(&dots)).await.unwrap();
    let error = open(&nats(&words)).await.unwrap_err();
    crate::server::clean(&corner.url, &words);
    assert_eq!(error.code(), "AW2021");
    assert!(error.to_string().contains(&dots), "{error}");
}

#[tokio::test]
async fn a_consumer_that_is_none_of_ours_is_refused() {
    let Some(corner) = Corner::new() else { return };
    corner.nats().open(&Topology::of("declaring")).await.unwrap();
    corner.nats().send(Envelope::json(PAID, "{}")).await.unwrap();
    let stream = corner.jetstream().await.get_stream(corner.stream()).await.unwrap();
    let other = consumer::pull::Config {
        durable_name: Some("stock".into()),
        ack_policy: AckPolicy::None,
        ..consumer::pull::Config::default()
    };
    stream.create_consumer(other).await.unwrap();
    let error = open(&corner.nats()).await.unwrap_err();
    assert_eq!(error.code(), "AW2021");
    assert!(error.to_string().contains("nats consumer rm"), "{error}");
}

#[tokio::test]
async fn ordered_or_not_is_decided_once() {
    let Some(corner) = Corner::new() else { return };
    open(&corner.nats()).await.unwrap();
    assert_eq!(open(&corner.nats().ordered()).await.unwrap_err().code(), "AW2021");
}

#[tokio::test]
async fn an_older_process_that_comes_back_takes_nothing_from_a_newer_one() {
    let Some(corner) = Corner::new() else { return };
    let (old, new) = (corner.nats(), corner.nats());
    open(&old).await.unwrap();
    new.open(&topology(&[PAID, SHIPPED])).await.unwrap();
    // The old one subscribes again, as after a lost connection.
    let stock = Subscription::new("stock", [PAID]);
    let source = old.subscribe(&stock).await.unwrap();
    new.send(Envelope::json(SHIPPED, "{}")).await.unwrap();
    let came = source.receive(10).await.unwrap();
    assert_eq!(came[0].frame.attribute("type"), Some(SHIPPED));
    source.settle(vec![(came[0].tag, Outcome::Done(None))]).await.unwrap();
    source.close().await.unwrap();
    // One that starts is the newest: what it does not listen to is not brought.
    let newest = corner.nats();
    open(&newest).await.unwrap();
    let source = newest.subscribe(&stock).await.unwrap();
    newest.send(Envelope::json(SHIPPED, "{}")).await.unwrap();
    newest.send(Envelope::json(PAID, "{}")).await.unwrap();
    let came = source.receive(10).await.unwrap();
    assert_eq!(came[0].frame.attribute("type"), Some(PAID));
}
