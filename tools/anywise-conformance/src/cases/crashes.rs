//! When the broker itself goes down.

use std::collections::HashSet;
use std::time::Duration;

use anywise::Outcome;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use crate::trial::{Heard, Trial, envelope, ids, keyed, usual};

/// How many messages pass while the broker crashes.
const COUNT: usize = 10_000;

pub(crate) async fn a_broker_that_crashes_in_the_middle_loses_nothing(trial: Trial) {
    let events = keyed(COUNT, 50);
    let known = ids(&events);
    let publishing = join_all(events.chunks(200).map(|chunk| trial.publish_all_stubbornly(chunk)));
    let crashing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let crash = trial.place.crash().expect("the need is met");
        crash.await.expect("the broker is started again");
    };
    let (done, ..) = tokio::join!(receive_stubbornly(&trial, &known), publishing, crashing);
    assert_eq!(done, known);
}

/// Receives until every one of `known` was settled, subscribing again whenever
/// the source is lost, as core does.
async fn receive_stubbornly(trial: &Trial, known: &HashSet<uuid::Uuid>) -> HashSet<uuid::Uuid> {
    let mut done = HashSet::new();
    let until = Instant::now() + trial.patience * 3;
    while done.len() < known.len() {
        assert!(Instant::now() < until, "only {} of {} were settled", done.len(), known.len());
        let subscribed = timeout(trial.patience, trial.transport.subscribe(&usual())).await;
        match subscribed {
            Ok(Ok(source)) => {
                receive_until_lost(trial, &trial.heard(source), known.len(), &mut done, until).await;
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    done
}

async fn receive_until_lost(
    trial: &Trial,
    heard: &Heard,
    count: usize,
    done: &mut HashSet<uuid::Uuid>,
    until: Instant,
) {
    while done.len() < count && Instant::now() < until {
        let Ok(Ok(some)) = timeout(trial.patience, heard.source.receive(256)).await else { return };
        if some.is_empty() {
            return;
        }
        // Handled before it is settled: if settling fails it may come again, or not.
        done.extend(some.iter().map(|one| envelope(one).id));
        let settled = some.iter().map(|one| (one.tag, Outcome::Done(None))).collect();
        if !matches!(timeout(trial.patience, heard.source.settle(settled)).await, Ok(Ok(()))) {
            return;
        }
    }
}
