//! Taking messages from a source.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::trial::{Trial, envelope, happened, ids, many};

pub(crate) async fn no_more_is_received_than_was_asked_for(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(30);
    trial.publish_all(&events).await;
    let mut came = Vec::new();
    for most in [1, 2, 3, 4, 20] {
        // `receive` asserts that it is no more.
        came.extend(heard.receive(most).await);
    }
    heard.settle_done(&came).await;
    let came: Vec<_> = came.iter().map(envelope).collect();
    assert_eq!(ids(&came), ids(&events));
}

pub(crate) async fn a_dropped_receive_loses_nothing(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(200);
    let sending = async {
        for event in &events {
            trial.publish(event).await;
        }
    };
    let receiving = async {
        let (mut came, mut patience) = (Vec::new(), 0_u64);
        let until = Instant::now() + trial.patience;
        while came.len() < events.len() {
            assert!(Instant::now() < until, "only {} of {} came", came.len(), events.len());
            patience = (patience + 37) % 3_000;
            let Ok(some) = timeout(Duration::from_micros(patience), heard.source.receive(7)).await else {
                continue;
            };
            let some = some.expect("the source is not lost");
            heard.settle_done(&some).await;
            came.extend(some.iter().map(envelope));
        }
        came
    };
    let (came, ()) = tokio::join!(receiving, sending);
    assert_eq!(ids(&came), ids(&events));
    assert_eq!(came.len(), events.len(), "nothing came twice");
}

pub(crate) async fn a_source_is_closed_twice_and_while_it_waits(trial: Trial) {
    let heard = trial.hears().await;
    let waiting = Arc::clone(&heard.source);
    let waiting = tokio::spawn(async move { waiting.receive(1).await.map(|some| some.len()) });
    tokio::task::yield_now().await;
    for _ in 0..2 {
        timeout(trial.patience, heard.source.close()).await.expect("it closes in time").expect("it closes");
    }
    // It ends, fails or waits: it must not have taken anything with it.
    drop(timeout(Duration::from_millis(200), waiting).await);
    drop(heard);
    let event = happened(1);
    trial.publish(&event).await;
    let heard = trial.hears().await;
    assert_eq!(heard.done(1).await[0].id, event.id);
}

pub(crate) async fn lag_tells_what_waits(trial: Trial) {
    let heard = trial.hears().await;
    if heard.source.lag().await.expect("the broker answers").is_none() {
        return;
    }
    trial.publish_all(&many(20)).await;
    let until = Instant::now() + trial.patience;
    // Some have come to this process already: they wait no more.
    while heard.source.lag().await.expect("the broker answers") == Some(0) {
        assert!(Instant::now() < until, "nothing seems to wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    heard.done(20).await;
    while heard.source.lag().await.expect("the broker answers") != Some(0) {
        assert!(Instant::now() < until, "something seems to wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
