//! Connections that are lost, at any time.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anywise_core::{Kind, Store, Want};
use anywise_sql::sqlx;

use super::{Place, batch, body, delivery};

/// Ends every connection of this test's store, again and again.
async fn terminate(place: &Place, node: &str, until: &AtomicBool) -> i64 {
    let mut aside = place.aside().await;
    let mut ended = 0;
    while !until.load(Ordering::SeqCst) {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        ended += sqlx::query_scalar::<_, i64>(sql)
            .bind(format!("anywise/{node}"))
            .fetch_one(&mut aside)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(10 + 7 * ended.unsigned_abs() % 60)).await;
    }
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_and_what_was_refused_is_not() {
    let Some(place) = Place::make().await else { return };
    let node = format!("n{}", uuid::Uuid::new_v4().simple());
    let node = &node[..20];
    let store = Arc::new(place.store_with(place.options().node(node).lease(Duration::from_secs(60))).await);
    let stop = AtomicBool::new(false);
    let work = async {
        let callers = (0..8).map(|caller| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut outcomes = Vec::new();
                for n in 0..60 {
                    let text = format!("{caller}/{n}");
                    let result = store.commit(batch([delivery("t", Some("k"), text.clone())])).await;
                    outcomes.push((text, result));
                }
                outcomes
            })
        });
        let mut outcomes = Vec::new();
        for caller in callers.collect::<Vec<_>>() {
            outcomes.extend(caller.await.unwrap());
        }
        stop.store(true, Ordering::SeqCst);
        outcomes
    };
    let (outcomes, ended) = tokio::join!(work, terminate(&place, node, &stop));
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT body FROM aw_delivery").fetch_all(&mut place.aside().await).await.unwrap();
    let kept: HashSet<_> = rows.into_iter().map(|row| String::from_utf8(row).unwrap()).collect();
    let (mut answered, mut unknown) = (0, 0);
    for (text, result) in outcomes {
        match result {
            Ok(()) => {
                answered += 1;
                assert!(kept.contains(&text), "{text} was answered, and is lost");
            }
            Err(error) if error.is_unknown_outcome() => unknown += 1,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Unavailable, "{error}");
                assert!(!kept.contains(&text), "{text} was refused, and is there");
            }
        }
    }
    println!("{ended} connections ended, {answered} of 480 answered, {unknown} unknown");
    assert!(ended > 5 && answered > 0);
    // And afterwards everything works, as soon as lost connections are noticed.
    let wants = [Want { target: "t".into(), most: 9 }];
    let claimed = loop {
        match store.claim(&wants, false).await {
            Ok(claims) => break claims.claimed,
            Err(error) => assert_eq!(error.kind(), Kind::Unavailable, "{error}"),
        }
    };
    assert_eq!(claimed.len(), 1, "the first of the key: {:?}", claimed.first().map(body));
}
