//! Producers that write no CloudEvents.

use std::collections::HashSet;

use anywise::{Kind, Transport as _};
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, ExchangeKind};

use crate::corner::{Bare, Corner, PAID, Tidy, done, is_drained, read, receive, stock};

/// A transport whose group hears what comes to the exchange `legacy`.
async fn legacy(corner: &Corner) -> (Tidy, Bare, String) {
    let exchange = corner.exchange("legacy");
    let bare = corner.bare().await;
    let (options, none) = (ExchangeDeclareOptions::default(), FieldTable::default());
    bare.channel
        .exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, options, none)
        .await
        .unwrap();
    let rabbit = corner.opened(corner.rabbit().foreign(&exchange, "orders.*", PAID)).await;
    (rabbit, bare, exchange)
}

async fn publish(bare: &Bare, exchange: &str, properties: BasicProperties) {
    let options = BasicPublishOptions::default();
    let to = (exchange.into(), "orders.paid".into());
    bare.channel.basic_publish(to.0, to.1, options, br#"{"number":7}"#, properties).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_known_by_the_id_that_its_producer_gave_it() {
    let Some(corner) = Corner::new() else { return };
    let (rabbit, bare, exchange) = legacy(&corner).await;
    for id in ["1", "2", "1"] {
        publish(&bare, &exchange, BasicProperties::default().with_message_id(id.into())).await;
    }
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let came = receive(&*source, 3).await;
    let ids: Vec<_> = came.iter().map(|one| read(one).id).collect();
    assert!(ids[0] == ids[2] && ids[0] != ids[1]);
    assert!(came.iter().all(|one| read(one).name == PAID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_without_an_id_are_as_many_events_as_there_are() {
    let Some(corner) = Corner::new() else { return };
    let (rabbit, bare, exchange) = legacy(&corner).await;
    for _ in 0..20 {
        publish(&bare, &exchange, BasicProperties::default()).await;
    }
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let came = receive(&*source, 20).await;
    let ids: HashSet<_> = came.iter().map(|one| read(one).id).collect();
    assert_eq!(ids.len(), 20, "the same bytes, and not the same event");
    source.close().await.unwrap();
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    let again = receive(&*source, 20).await;
    assert_eq!(again.iter().map(|one| read(one).id).collect::<HashSet<_>>(), ids);
    done(&*source, &again).await;
    is_drained(&*source).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_is_not_there_is_named() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = corner.tidy(corner.rabbit().foreign("no-such-exchange", "#", PAID));
    let error = rabbit.open(&crate::corner::topology(&[PAID])).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "AW2021"), "{error}");
    assert!(error.to_string().contains("no-such-exchange"), "{error}");
}
