//! Streams, groups and routes as they are on the server.

use std::collections::HashMap;
use std::time::Duration;

use anywise::{Envelope, Outcome, Sink as _, Source, Transport as _};
use redis::aio::MultiplexedConnection;

use crate::server::{clean, event, group, on_shared, prefix, shared, shared_url};

async fn number(connection: &mut MultiplexedConnection, command: &[&str]) -> u64 {
    let mut ask = redis::cmd(command[0]);
    ask.arg(&command[1..]).query_async(connection).await.unwrap()
}

/// Receives and settles `count` messages.
async fn done(source: &dyn Source, count: usize) -> Vec<Envelope> {
    let mut came = Vec::new();
    while came.len() < count {
        let some = source.receive(count - came.len()).await.unwrap();
        source.settle(some.iter().map(|one| (one.tag, Outcome::Done(None))).collect()).await.unwrap();
        let read =
            |one: anywise::Incoming| Envelope::from_frame(&one.frame, one.foreign.as_ref(), true).unwrap();
        came.extend(some.into_iter().map(read));
    }
    came
}

async fn is_quiet(source: &dyn Source) {
    let more = tokio::time::timeout(Duration::from_millis(700), source.receive(1)).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn what_is_settled_leaves_nothing_behind() {
    let Some(mut connection) = shared("what is left behind").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix);
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    for _ in 0..300 {
        redis.send(event("a.B", None)).await.unwrap();
    }
    done(&*source, 300).await;
    source.close().await.unwrap();
    let stream = format!("{prefix}:group:g");
    assert_eq!(number(&mut connection, &["XLEN", &stream]).await, 0);
    let consumers: Vec<redis::Value> = redis::cmd("XINFO")
        .arg("CONSUMERS")
        .arg(&stream)
        .arg(format!("{prefix}.g"))
        .query_async(&mut connection)
        .await
        .unwrap();
    assert!(consumers.is_empty(), "{consumers:?}");
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn events_of_a_key_come_in_order_whatever_their_type() {
    let Some(_) = shared("order across types").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix);
    let names = ["order.Placed", "order.Paid", "stock.Reserved"];
    let source = redis.subscribe(&group("g", &names)).await.unwrap();
    let mut sent = Vec::new();
    for number in 0..300 {
        let event = event(names[number % 3], Some("o-1"));
        sent.push(event.id);
        redis.send(event).await.unwrap();
    }
    let came: Vec<_> = done(&*source, 300).await.into_iter().map(|envelope| envelope.id).collect();
    assert_eq!(came, sent);
    drop(source);
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn sends_keep_the_order_of_their_calls() {
    let Some(_) = shared("order of calls").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix);
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    let events: Vec<_> = (0..900).map(|_| event("a.B", Some("k"))).collect();
    let mut sending: Vec<_> = events.iter().map(|event| redis.send(event.clone())).collect();
    // They are waited for in another order.
    while let Some(sent) = sending.pop() {
        sent.await.unwrap();
    }
    let came = done(&*source, 900).await;
    let ids = |all: &[Envelope]| all.iter().map(|envelope| envelope.id).collect::<Vec<_>>();
    assert_eq!(ids(&came), ids(&events));
    drop(source);
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn a_new_group_gets_what_is_published_from_then_on_by_others_too() {
    let Some(_) = shared("new groups").await else { return };
    let prefix = prefix();
    let (publisher, listener) = (on_shared(&prefix), on_shared(&prefix));
    // The publisher knows of no group, then of one, then of both.
    publisher.send(event("a.B", None)).await.unwrap();
    let mut sources = Vec::new();
    for name in ["one", "two"] {
        sources.push(listener.subscribe(&group(name, &["a.B"])).await.unwrap());
        publisher.send(event("a.B", None)).await.unwrap();
    }
    assert_eq!(done(&*sources[0], 2).await.len(), 2);
    assert_eq!(done(&*sources[1], 1).await.len(), 1);
    is_quiet(&*sources[1]).await;
    drop(sources);
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn groups_that_are_made_under_load_miss_nothing_that_is_published_later() {
    let Some(_) = shared("groups under load").await else { return };
    let prefix = prefix();
    let publisher = std::sync::Arc::new(on_shared(&prefix));
    let load = std::sync::Arc::clone(&publisher);
    let load = tokio::spawn(async move {
        loop {
            load.send(event("a.B", None)).await.unwrap();
        }
    });
    let listener = on_shared(&prefix);
    for number in 0..20 {
        let source = listener.subscribe(&group(&format!("g{number}"), &["a.B"])).await.unwrap();
        let mark = event("a.B", Some("mark"));
        publisher.send(mark.clone()).await.unwrap();
        while !done(&*source, 1).await.iter().any(|came| came.id == mark.id) {}
    }
    load.abort();
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn an_old_process_takes_no_events_from_new_ones() {
    let Some(_) = shared("routes").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix);
    let source = redis.subscribe(&group("g", &["a.B", "a.C"])).await.unwrap();
    drop(on_shared(&prefix).subscribe(&group("g", &["a.B"])).await.unwrap());
    redis.send(event("a.C", None)).await.unwrap();
    assert_eq!(done(&*source, 1).await[0].name, "a.C");
    // What nobody has asked for in a while is forgotten.
    let forgetful = on_shared(&prefix).forget_after(Duration::ZERO);
    drop(forgetful.subscribe(&group("g", &["a.B"])).await.unwrap());
    // One may still come, from who has not seen it yet.
    redis.send(event("a.C", None)).await.unwrap();
    let (forgotten, last) = (event("a.C", None), event("a.B", None));
    redis.send(forgotten.clone()).await.unwrap();
    redis.send(last.clone()).await.unwrap();
    loop {
        let came = done(&*source, 1).await[0].id;
        assert_ne!(came, forgotten.id);
        if came == last.id {
            break;
        }
    }
    is_quiet(&*source).await;
    drop(source);
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn a_dead_letter_is_kept_as_it_came_with_its_reason() {
    let Some(mut connection) = shared("dead letters").await else { return };
    let prefix = prefix();
    let redis = on_shared(&prefix);
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    let event = event("a.B", Some("k"));
    redis.send(event.clone()).await.unwrap();
    let came = source.receive(1).await.unwrap();
    source.settle(vec![(came[0].tag, Outcome::DeadLetter("no such order".into()))]).await.unwrap();
    let dead: Vec<(String, HashMap<String, String>)> = redis::cmd("XRANGE")
        .arg(format!("{prefix}:dead:g"))
        .arg("-")
        .arg("+")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(dead.len(), 1);
    let fields = &dead[0].1;
    assert_eq!(fields["aw-dead-reason"], "no such order");
    assert!(fields["aw-dead-from"].starts_with(&format!("{prefix}:group:g/")), "{fields:?}");
    assert_eq!((&fields["ce-id"], &fields["ce-partitionkey"]), (&event.id.to_string(), &"k".to_owned()));
    assert_eq!(fields["data"], "{}");
    assert_eq!(number(&mut connection, &["XLEN", &format!("{prefix}:group:g")]).await, 0);
    drop(source);
    clean(&shared_url(), &prefix).await;
}

#[tokio::test]
async fn a_stream_of_others_is_read_and_left_as_it_is() {
    let Some(mut connection) = shared("streams of others").await else { return };
    let prefix = prefix();
    let stream = format!("{prefix}-jobs");
    let redis = on_shared(&prefix).foreign_field(&stream, "a.B", "payload");
    let source = redis.subscribe(&group("g", &["a.B"])).await.unwrap();
    for number in 0..3 {
        let mut add = redis::cmd("XADD");
        add.arg(&stream).arg("*").arg("tenant").arg("acme").arg("payload").arg(format!("{number}"));
        add.query_async::<()>(&mut connection).await.unwrap();
    }
    redis.send(event("a.B", None)).await.unwrap();
    let mut came = done(&*source, 4).await;
    came.sort_by_key(|envelope| envelope.body.to_vec());
    assert_eq!(
        came.iter().map(|envelope| &envelope.body[..]).collect::<Vec<_>>(),
        [b"0", b"1", b"2", b"{}" as &[u8]]
    );
    assert_eq!(came[0].headers.get("tenant"), Some("acme"));
    assert_eq!(number(&mut connection, &["XLEN", &stream]).await, 3);
    assert_eq!(source.lag().await.unwrap(), Some(0));
    drop(source);
    clean(&shared_url(), &prefix).await;
}
