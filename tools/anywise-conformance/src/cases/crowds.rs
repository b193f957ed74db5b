//! Many at one time.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::trial::{Trial, envelope, ids, keyed, many};

pub(crate) async fn fifty_publishers_lose_nothing(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(2_000);
    let publishers = events.chunks(40).map(|chunk| trial.publish_all(chunk));
    let (came, _) = tokio::join!(heard.done(2_000), join_all(publishers));
    assert_eq!(ids(&came), ids(&events));
    heard.is_quiet().await;
}

pub(crate) async fn publishing_and_receiving_go_together(trial: Trial) {
    let heard = trial.hears().await;
    let events = keyed(10_000, 100);
    let publishers = events.chunks(200).map(|chunk| trial.publish_all(chunk));
    let (came, _) = tokio::join!(heard.done(10_000), join_all(publishers));
    assert_eq!(ids(&came), ids(&events));
}

pub(crate) async fn a_consumer_restarted_in_the_middle_loses_nothing(trial: Trial) {
    let events = many(2_000);
    let publishers = events.chunks(100).map(|chunk| trial.publish_all(chunk));
    let known = ids(&events);
    let receiving = async {
        let mut done = HashSet::new();
        while done.len() < known.len() {
            let heard = trial.hears().await;
            // Some are settled, and some are held when it ends.
            for _ in 0..10 {
                let came = heard.receive(20.min(known.len() - done.len())).await;
                heard.settle_done(&came).await;
                done.extend(came.iter().map(|one| envelope(one).id));
                if done.len() == known.len() {
                    break;
                }
            }
            drop(timeout(Duration::from_millis(20), heard.source.receive(5)).await);
            heard.close().await;
        }
        done
    };
    let (done, _) = tokio::join!(receiving, join_all(publishers));
    assert_eq!(done, known);
}
