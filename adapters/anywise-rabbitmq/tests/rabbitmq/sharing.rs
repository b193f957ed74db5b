//! Several processes of one group.

use std::time::Duration;

use anywise::{Ordered, Sink as _, Source, Transport as _};

use crate::corner::{Corner, PAID, done, event, receive, stock};

/// Whether nothing comes for a while.
async fn is_quiet(source: &dyn Source) -> bool {
    tokio::time::timeout(Duration::from_millis(500), source.receive(1)).await.is_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_consumes_and_another_takes_over_in_order() {
    let Some(corner) = Corner::new() else { return };
    let (one, two) = (corner.opened(corner.rabbit()).await, corner.opened(corner.rabbit()).await);
    assert_eq!(one.traits().ordered, Ordered::Always);
    let first = one.subscribe(&stock(&[PAID])).await.unwrap();
    let second = two.subscribe(&stock(&[PAID])).await.unwrap();
    for number in 0..10 {
        one.send(event(PAID, number)).await.unwrap();
    }
    let came = receive(&*first, 5).await;
    assert!(is_quiet(&*second).await);
    done(&*first, &came[..3]).await;
    first.close().await.unwrap();
    let rest = receive(&*second, 7).await;
    let bodies: Vec<_> = rest.iter().map(|one| one.frame.body.clone()).collect();
    let expected: Vec<_> = (3..10).map(|number| event(PAID, number).body).collect();
    assert_eq!(bodies, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_load_if_it_is_said() {
    let Some(corner) = Corner::new() else { return };
    let rabbit = || corner.rabbit().shared(true).prefetch(5);
    let (one, two) = (corner.opened(rabbit()).await, corner.opened(rabbit()).await);
    assert_eq!(one.traits().ordered, Ordered::Alone);
    let first = one.subscribe(&stock(&[PAID])).await.unwrap();
    let second = two.subscribe(&stock(&[PAID])).await.unwrap();
    for number in 0..10 {
        one.send(event(PAID, number)).await.unwrap();
    }
    assert_eq!((receive(&*first, 5).await.len(), receive(&*second, 5).await.len()), (5, 5));
    assert!(is_quiet(&*first).await, "no more than five are held");
}
