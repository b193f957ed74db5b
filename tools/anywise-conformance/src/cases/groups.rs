//! Who gets what.

use std::time::Duration;

use anywise::{Envelope, Subscription};

use crate::trial::{ENDED, GROUP, HAPPENED, Trial, envelope, happened, ids, many};

pub(crate) async fn each_group_gets_every_event(trial: Trial) {
    let mut groups = vec![trial.hears().await];
    for group in ["second", "third"] {
        groups.push(trial.subscribes(&Subscription::new(group, [HAPPENED])).await);
    }
    let events = many(30);
    trial.publish_all(&events).await;
    for group in groups {
        assert_eq!(ids(&group.done(30).await), ids(&events));
        group.is_quiet().await;
    }
}

pub(crate) async fn a_group_gets_its_own_events_alone(trial: Trial) {
    let heard = trial.hears().await;
    let mut other = happened(1);
    ENDED.clone_into(&mut other.name);
    let mut longer = happened(2);
    longer.name = format!("{HAPPENED}Again");
    let own = happened(3);
    for event in [&other, &longer, &own] {
        trial.publish(event).await;
    }
    assert_eq!(heard.done(1).await[0].id, own.id);
    heard.is_quiet().await;
}

pub(crate) async fn a_hundred_events_share_a_subscription(trial: Trial) {
    let names: Vec<_> = (0..100).map(|number| format!("suite.Event{number}")).collect();
    let heard = trial.subscribes(&Subscription::new("many", names.clone())).await;
    let events: Vec<_> = names.iter().map(|name| Envelope::json(name.clone(), "{}")).collect();
    trial.publish_all(&events).await;
    let came = heard.done(100).await;
    assert_eq!(ids(&came), ids(&events));
    let mut came: Vec<_> = came.into_iter().map(|envelope| envelope.name).collect();
    let mut names = names;
    came.sort();
    names.sort();
    assert_eq!(came, names);
}

pub(crate) async fn a_group_that_hears_more_keeps_what_waits(trial: Trial) {
    let before = happened(1);
    trial.publish(&before).await;
    let heard = trial.subscribes(&Subscription::new(GROUP, [HAPPENED, ENDED])).await;
    let mut after = happened(2);
    ENDED.clone_into(&mut after.name);
    trial.publish(&after).await;
    assert_eq!(ids(&heard.done(2).await), ids(&[before, after]));
}

pub(crate) async fn processes_of_a_group_share_its_events(trial: Trial) {
    let other = trial.another().await;
    let (one, two) = (trial.hears().await, other.hears().await);
    let events = many(300);
    trial.publish_all(&events).await;
    let mut came = Vec::new();
    while came.len() < events.len() {
        // Receiving may be dropped half way, settling may not.
        let (some, by) = tokio::select! {
            some = one.receive(1) => (some, &one),
            some = two.receive(1) => (some, &two),
        };
        by.settle_done(&some).await;
        came.extend(some.iter().map(envelope));
    }
    assert_eq!(ids(&came), ids(&events));
    assert_eq!(came.len(), events.len(), "nothing came to both");
}

pub(crate) async fn the_share_of_a_process_that_ends_goes_to_the_others(trial: Trial) {
    let events = many(100);
    trial.publish_all(&events).await;
    let other = trial.another().await;
    let ends = other.hears().await;
    let held = ends.receive(10).await;
    assert_eq!(held.len(), 10);
    ends.close().await;
    drop(other);
    let stays = trial.hears().await;
    assert_eq!(stays.done_distinct(100, &ids(&events)).await, ids(&events));
}

pub(crate) async fn a_group_that_is_stuck_holds_up_no_other(trial: Trial) {
    let stuck = trial.subscribes(&Subscription::new("stuck", [HAPPENED])).await;
    let heard = trial.hears().await;
    let first = happened(0);
    trial.publish(&first).await;
    let held = stuck.receive(1).await;
    assert_eq!(held.len(), 1);
    let events = many(500);
    let (came, ()) = tokio::join!(heard.done(501), async {
        for event in &events {
            trial.publish(event).await;
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    });
    assert!(ids(&came).is_superset(&ids(&events)));
}
