//! How messages end.

use std::time::Duration;

use anywise::Outcome;
use tokio::time::Instant;

use crate::trial::{Trial, envelope, happened, ids, many};

pub(crate) async fn what_is_settled_does_not_come_again(trial: Trial) {
    let heard = trial.hears().await;
    trial.publish_all(&many(50)).await;
    heard.done(50).await;
    heard.close().await;
    let heard = trial.hears().await;
    heard.is_quiet().await;
}

pub(crate) async fn what_is_not_settled_comes_again(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(50);
    trial.publish_all(&events).await;
    let came = heard.receive(50).await;
    heard.settle_done(&came[..20]).await;
    heard.close().await;
    let left: Vec<_> = came[20..].iter().map(envelope).collect();
    let heard = trial.hears().await;
    assert_eq!(ids(&heard.done(30).await), ids(&left));
    heard.is_quiet().await;
}

pub(crate) async fn many_are_settled_at_once(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(500);
    trial.publish_all(&events).await;
    let mut came = Vec::new();
    while came.len() < 500 {
        came.extend(heard.receive((500 - came.len()).min(100)).await);
    }
    heard.settle_done(&came).await;
    heard.close().await;
    trial.hears().await.is_quiet().await;
}

pub(crate) async fn settlements_come_in_any_order(trial: Trial) {
    let heard = trial.hears().await;
    let events = many(10);
    trial.publish_all(&events).await;
    let came = heard.receive(10).await;
    let (even, odd): (Vec<_>, Vec<_>) = came.into_iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let only = |some: Vec<(usize, _)>| some.into_iter().map(|(_, one)| one).rev().collect::<Vec<_>>();
    let (even, odd) = (only(even), only(odd));
    heard.settle_done(&odd).await;
    heard.close().await;
    let heard = trial.hears().await;
    let left: Vec<_> = even.iter().map(envelope).collect();
    let again = heard.done_distinct(left.len(), &ids(&left)).await;
    assert_eq!(again, ids(&left));
}

pub(crate) async fn a_retry_comes_again(trial: Trial) {
    let heard = trial.hears().await;
    let event = happened(1);
    trial.publish(&event).await;
    let came = heard.receive(1).await;
    heard.settle(&came, Outcome::Retry(Duration::ZERO)).await;
    assert_eq!(heard.done(1).await[0].id, event.id);
    heard.is_quiet().await;
}

pub(crate) async fn a_retry_comes_after_its_time(trial: Trial) {
    let heard = trial.hears().await;
    let (late, other) = (happened(1), happened(2));
    trial.publish(&late).await;
    let came = heard.receive(1).await;
    let (wait, began) = (Duration::from_millis(1_200), Instant::now());
    heard.settle(&came, Outcome::Retry(wait)).await;
    trial.publish(&other).await;
    assert_eq!(heard.done(1).await[0].id, other.id, "others do not wait for it");
    assert_eq!(heard.done(1).await[0].id, late.id);
    assert!(began.elapsed() >= wait.mul_f64(0.9), "it came after {:?}", began.elapsed());
}

pub(crate) async fn a_hundred_retries_lose_nothing(trial: Trial) {
    let heard = trial.hears().await;
    let event = happened(1);
    trial.publish(&event).await;
    for _ in 0..100 {
        let came = heard.receive(1).await;
        assert_eq!(envelope(&came[0]).id, event.id);
        heard.settle(&came, Outcome::Retry(Duration::ZERO)).await;
    }
    assert_eq!(heard.done(1).await[0].body, event.body);
}

pub(crate) async fn a_dead_letter_does_not_come_again(trial: Trial) {
    let heard = trial.hears().await;
    let (poison, held_back, fine) = (happened(1), happened(2), happened(3));
    for event in [&poison, &held_back, &fine] {
        trial.publish(event).await;
    }
    let came = heard.receive(3).await;
    let settled = came.iter().map(|one| {
        let id = envelope(one).id;
        let outcome = if id == poison.id {
            Outcome::DeadLetter("it cannot be handled: ünlucky\r\n".into())
        } else if id == held_back.id {
            Outcome::Park("a newer program knows it".into())
        } else {
            Outcome::Done(None)
        };
        (one.tag, outcome)
    });
    heard.settle_tags(settled.collect()).await;
    heard.close().await;
    trial.hears().await.is_quiet().await;
}

pub(crate) async fn it_is_said_how_often_a_message_was_delivered(trial: Trial) {
    let heard = trial.hears().await;
    trial.publish(&happened(1)).await;
    for times in 1..=4 {
        let came = heard.receive(1).await;
        assert_eq!(came[0].delivered, Some(times));
        heard.settle(&came, Outcome::Retry(Duration::ZERO)).await;
    }
    heard.done(1).await;
}

pub(crate) async fn what_is_held_for_too_long_comes_again(trial: Trial) {
    let heard = trial.hears().await;
    let event = happened(1);
    trial.publish(&event).await;
    let came = heard.receive(1).await;
    assert_eq!(envelope(&came[0]).id, event.id);
    // Nobody settles it, as if its process hung.
    let other = trial.another().await.hears().await;
    assert_eq!(other.done(1).await[0].id, event.id);
}

pub(crate) async fn what_is_extended_is_held(trial: Trial) {
    let hold = trial.transport.traits().hold.expect("the need is met");
    let heard = trial.hears().await;
    trial.publish(&happened(1)).await;
    let came = heard.receive(1).await;
    let other = trial.another().await.hears().await;
    let until = Instant::now() + hold * 3;
    while Instant::now() < until {
        heard.source.extend(vec![came[0].tag]).await.expect("it is still held");
        let wait = tokio::time::timeout(hold / 4, other.source.receive(1)).await;
        assert!(wait.is_err(), "it was given to another");
    }
    heard.settle_done(&came).await;
    other.is_quiet().await;
}
