//! From a sink to a source.

use std::time::Duration;

use anywise::Subscription;
use tokio::time::timeout;

use crate::trial::{ENDED, HAPPENED, Trial, happened, ids, many};

pub(crate) async fn an_event_reaches_its_group(trial: Trial) {
    let heard = trial.hears().await;
    let event = happened(1);
    trial.publish(&event).await;
    let came = heard.done(1).await;
    assert_eq!((came[0].id, &came[0].body), (event.id, &event.body));
    heard.is_quiet().await;
}

pub(crate) async fn an_event_that_nobody_hears_is_no_error(trial: Trial) {
    let mut event = happened(1);
    ENDED.clone_into(&mut event.name);
    trial.publish(&event).await;
}

pub(crate) async fn what_is_published_before_the_first_receive_waits(trial: Trial) {
    let events = many(20);
    trial.publish_all(&events).await;
    let heard = trial.hears().await;
    assert_eq!(ids(&heard.done(20).await), ids(&events));
}

pub(crate) async fn what_is_published_before_anybody_subscribed_is_replayed(trial: Trial) {
    let events = many(20);
    trial.publish_all(&events).await;
    let heard = trial.subscribes(&Subscription::new("newcomer", [HAPPENED])).await;
    assert_eq!(ids(&heard.done(20).await), ids(&events));
}

pub(crate) async fn an_event_published_twice_is_delivered_once(trial: Trial) {
    let heard = trial.hears().await;
    let event = happened(1);
    for _ in 0..3 {
        trial.publish(&event).await;
    }
    assert_eq!(heard.done(1).await[0].id, event.id);
    heard.is_quiet().await;
}

pub(crate) async fn a_dropped_send_is_sent_or_not(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(50);
    for (at, event) in events.iter().enumerate() {
        let patience = Duration::from_micros(20 * at as u64);
        drop(timeout(patience, trial.transport.send(event.clone())).await);
    }
    let last = happened(1000);
    trial.publish(&last).await;
    let known = ids(&events);
    loop {
        let came = heard.done(1).await;
        if came[0].id == last.id {
            break;
        }
        assert!(known.contains(&came[0].id), "nothing comes from nowhere");
    }
}
