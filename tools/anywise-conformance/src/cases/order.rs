//! In which order the events of a key come.

use std::collections::HashMap;

use anywise::Envelope;
use tokio::time::{Instant, timeout};

use crate::trial::{Trial, envelope, keyed, orders};

pub(crate) async fn events_of_a_key_come_in_order(trial: Trial) {
    let heard = trial.hears().await;
    let events = keyed(600, 10);
    let (came, ()) = tokio::join!(heard.done(600), trial.publish_all(&events));
    assert_eq!(orders(&came), orders(&events));
}

pub(crate) async fn order_is_kept_when_the_consumer_is_restarted(trial: Trial) {
    let events = keyed(400, 5);
    trial.publish_all(&events).await;
    let (mut done, mut round) = (Vec::<Envelope>::new(), 0);
    while done.len() < events.len() {
        round += 1;
        let heard = trial.hears().await;
        let room = (events.len() - done.len()).min(50);
        let came = heard.receive(room).await;
        // What is received is settled up to a point, the rest is left behind.
        let kept = if round % 2 == 0 { came.len() } else { came.len() / 2 };
        let (first, rest) = came.split_at(kept);
        heard.settle_done(first).await;
        done.extend(first.iter().map(envelope));
        drop(rest.to_vec());
        heard.close().await;
    }
    assert_eq!(orders(&done), orders(&events));
    assert_eq!(done.len(), events.len(), "nothing that was settled came again");
}

pub(crate) async fn order_is_kept_among_several_processes(trial: Trial) {
    let others = [trial.another().await, trial.another().await];
    let mut sources = vec![trial.hears().await];
    for other in &others {
        sources.push(other.hears().await);
    }
    let events = keyed(300, 6);
    let publishing = trial.publish_all(&events);
    let receiving = async {
        let mut came: Vec<Envelope> = Vec::new();
        let until = Instant::now() + trial.patience;
        while came.len() < events.len() {
            assert!(Instant::now() < until, "only {} of {} came", came.len(), events.len());
            for source in &sources {
                let patience = std::time::Duration::from_millis(20);
                let Ok(some) = timeout(patience, source.source.receive(8)).await else { continue };
                let some = some.expect("the source is not lost");
                came.extend(some.iter().map(envelope));
                source.settle_done(&some).await;
            }
        }
        came
    };
    let (came, ()) = tokio::join!(receiving, publishing);
    assert_eq!(orders(&came), orders(&events));
    let mut times = HashMap::new();
    for envelope in &came {
        *times.entry(envelope.id).or_insert(0) += 1;
    }
    assert!(times.values().all(|count| *count == 1), "nothing came to two of them");
}
