//! Calls to a handler elsewhere under a policy: tried again, given up, left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use anywise::prelude::*;
use anywise::{
    BoxFuture, BreakerPolicy, BreakerState, BudgetPolicy, Envelope, Remote, RemotePolicies, RemotePolicy,
    Requests, UnderPolicy,
};
use bytes::Bytes;
use tokio::time::Instant;

anywise::contract!("counting");

#[query(reply = u32)]
struct Count;

/// Answers with the number of the call, or as `Far` says.
#[derive(Clone)]
struct Target(Arc<Far>);

struct Far {
    calls: AtomicU32,
    keys: std::sync::Mutex<Vec<String>>,
    answer: fn(u32) -> Answer,
}

enum Answer {
    Reply,
    Fails(Kind),
    Busy(Duration),
    Never,
}

impl Target {
    fn new(answer: fn(u32) -> Answer) -> Self {
        Self(Arc::new(Far { calls: AtomicU32::new(0), keys: std::sync::Mutex::default(), answer }))
    }

    fn calls(&self) -> u32 {
        self.0.calls.load(SeqCst)
    }
}

impl Remote for Target {
    fn name(&self) -> &'static str {
        "target"
    }

    fn reaches(&self, _: &str) -> bool {
        true
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<Bytes>> {
        let call = self.0.calls.fetch_add(1, SeqCst) + 1;
        self.0.keys.lock().unwrap().push(request.request_key());
        let answer = (self.0.answer)(call);
        Box::pin(async move {
            let after = match answer {
                Answer::Reply => return Ok(Bytes::from(call.to_string())),
                Answer::Fails(kind) => return Err(Error::new(kind, "target.failed", "no")),
                Answer::Never => std::future::pending().await,
                Answer::Busy(after) => after,
            };
            Err(Error::new(Kind::RateLimited, "target.busy", "later").with_retry_after(after))
        })
    }
}

fn through(policy: &RemotePolicy, target: &Target) -> Requests {
    Requests::through(policy.around(target.clone()))
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_under_the_same_key() {
    let target = Target::new(|call| if call < 3 { Answer::Fails(Kind::Unavailable) } else { Answer::Reply });
    assert_eq!(through(&RemotePolicy::default(), &target).send(Count).await.unwrap(), 3);
    let keys = target.0.keys.lock().unwrap().clone();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn what_will_not_pass_is_not() {
    for kind in [Kind::Conflict, Kind::Internal, Kind::NotFound, Kind::RateLimited] {
        let target = Target::new(match kind {
            Kind::Conflict => |_| Answer::Fails(Kind::Conflict),
            Kind::Internal => |_| Answer::Fails(Kind::Internal),
            Kind::NotFound => |_| Answer::Fails(Kind::NotFound),
            _ => |_| Answer::Fails(Kind::RateLimited),
        });
        let error = through(&RemotePolicy::default(), &target).send(Count).await.unwrap_err();
        assert_eq!((error.kind(), target.calls()), (kind, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted() {
    let target = Target::new(|_| Answer::Fails(Kind::Unavailable));
    let error = through(&RemotePolicy::default(), &target).send(Count).await.unwrap_err();
    assert_eq!((error.code(), target.calls()), ("target.failed", 3));
}

#[tokio::test(start_paused = true)]
async fn a_target_says_when_to_come_back() {
    let target = Target::new(|call| match call {
        1 => Answer::Busy(Duration::from_secs(3)),
        _ => Answer::Reply,
    });
    let before = Instant::now();
    through(&RemotePolicy::default(), &target).send(Count).await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 3);
    let target = Target::new(|_| Answer::Busy(Duration::from_secs(3)));
    let before = Instant::now();
    let requests = through(&RemotePolicy::default(), &target);
    let error = requests.send(Count).deadline(Duration::from_secs(2)).await.unwrap_err();
    assert_eq!((error.code(), target.calls(), before.elapsed().as_secs()), ("target.busy", 1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_in_time_and_the_next_may_succeed() {
    let target = Target::new(|call| if call == 1 { Answer::Never } else { Answer::Reply });
    let policy = RemotePolicy { timeout: Duration::from_secs(1), ..RemotePolicy::default() };
    let before = Instant::now();
    assert_eq!(through(&policy, &target).send(Count).await.unwrap(), 2);
    assert_eq!(before.elapsed().as_secs(), 1);
    let target = Target::new(|_| Answer::Never);
    let error = through(&policy, &target).send(Count).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), target.calls()), (Kind::Timeout, "AW2105", 3));
}

#[tokio::test(start_paused = true)]
async fn all_calls_share_a_budget() {
    let target = Target::new(|_| Answer::Fails(Kind::Unavailable));
    let policy = RemotePolicy { attempts: 10, breaker: None, ..RemotePolicy::default() };
    let requests = through(&policy, &target);
    let before = Instant::now();
    for _ in 0..200 {
        requests.send(Count).await.unwrap_err();
    }
    let earned = 10 + before.elapsed().as_secs() * 10 + 10;
    assert!(u64::from(target.calls()) <= 200 + earned, "{} in {:?}", target.calls(), before.elapsed());
    let none = BudgetPolicy { share: 0.0, per_second: 0.0 };
    let target = Target::new(|_| Answer::Fails(Kind::Unavailable));
    let requests = through(&RemotePolicy { budget: Some(none), ..policy }, &target);
    requests.send(Count).await.unwrap_err();
    assert_eq!(target.calls(), 1);
}

/// Fails until the tenth call.
fn poorly() -> (Target, Arc<UnderPolicy>) {
    let target = Target::new(|call| if call < 10 { Answer::Fails(Kind::Unavailable) } else { Answer::Reply });
    let policy = RemotePolicy {
        attempts: 1,
        breaker: Some(BreakerPolicy { consecutive: 9, ..BreakerPolicy::default() }),
        ..RemotePolicy::default()
    };
    let remote = Arc::new(policy.around(target.clone()));
    (target, remote)
}

#[tokio::test(start_paused = true)]
async fn a_target_that_fails_is_left_alone_and_then_tried_once() {
    let (target, remote) = poorly();
    let requests = Requests::through_arc(Arc::clone(&remote) as Arc<dyn Remote>);
    for _ in 0..9 {
        assert_eq!(requests.send(Count).await.unwrap_err().code(), "target.failed");
    }
    let error = requests.send(Count).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2106"));
    assert_eq!((error.retry_after(), target.calls()), (Some(Duration::from_secs(5)), 9));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(remote.state(), BreakerState::HalfOpen);
    assert_eq!(requests.send(Count).await.unwrap(), 10);
    assert_eq!(remote.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_found_by_the_name_of_its_target() {
    let once = RemotePolicy { attempts: 1, ..RemotePolicy::default() };
    let policies = RemotePolicies::from_iter([("target", once.clone()), ("other", RemotePolicy::default())]);
    let target = Target::new(|_| Answer::Fails(Kind::Unavailable));
    Requests::through(policies.around(target.clone())).send(Count).await.unwrap_err();
    assert_eq!(target.calls(), 1);
    assert_eq!(RemotePolicies::from_iter([("default", once.clone())]).of("target"), once);
}
