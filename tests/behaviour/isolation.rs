//! Concurrent sends and several applications never cross.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anywise::prelude::*;

anywise::slice!(SLICE = "isolation");

#[command(reply = (u64, u64))]
struct First {
    id: u64,
}

#[command(reply = (u64, u64))]
struct Second {
    id: u64,
}

#[query(reply = (u64, u64))]
struct Third {
    id: u64,
}

struct Who(u64);
struct Stamp(AtomicUsize);

#[guard(all)]
async fn yielding(id: Header<Id>) -> Result<Who> {
    for _ in 0..id.0.0 % 5 {
        tokio::task::yield_now().await;
    }
    Ok(Who(id.0.0))
}

struct Id(u64);

impl anywise::TypedHeader for Id {
    const NAME: &'static str = "id";
    fn parse(text: &str) -> Result<Self> {
        Ok(Self(text.parse()?))
    }
}

#[handler]
async fn first(cmd: First, who: Provided<Who>, stamp: &Stamp) -> (u64, u64) {
    stamp.0.fetch_add(1, Ordering::SeqCst);
    assert_eq!(cmd.id, who.0);
    (1, cmd.id)
}

#[handler]
async fn second(cmd: Second, who: Provided<Who>, stamp: &Stamp) -> (u64, u64) {
    tokio::task::yield_now().await;
    stamp.0.fetch_add(1, Ordering::SeqCst);
    assert_eq!(cmd.id, who.0);
    (2, cmd.id)
}

#[handler]
fn third(query: Third, who: Provided<Who>) -> (u64, u64) {
    assert_eq!(query.id, who.0);
    (3, query.id)
}

async fn app() -> (App, Arc<Stamp>) {
    let stamp = Arc::new(Stamp(AtomicUsize::new(0)));
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&stamp)).build().await.unwrap();
    (app, stamp)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_mixed_sends_through_a_yielding_guard_reach_their_own_handlers() {
    let (app, _) = app().await;
    let sends: Vec<_> = (0..1000u64)
        .map(|id| {
            let app = app.clone();
            tokio::spawn(async move {
                let id_text = id.to_string();
                let reply = match id % 3 {
                    0 => app.send(First { id }).header("id", id_text).await,
                    1 => app.send(Second { id }).header("id", id_text).await,
                    _ => app.send(Third { id }).header("id", id_text).await,
                };
                (id, reply)
            })
        })
        .collect();
    for send in sends {
        let (id, reply) = send.await.unwrap();
        assert_eq!(reply.unwrap(), (id % 3 + 1, id));
    }
}

#[tokio::test]
async fn two_applications_keep_to_their_own_dependencies() {
    let (one, stamp_one) = app().await;
    let (two, stamp_two) = app().await;
    one.send(First { id: 4 }).header("id", "4").await.unwrap();
    assert_eq!(stamp_one.0.load(Ordering::SeqCst), 1);
    assert_eq!(stamp_two.0.load(Ordering::SeqCst), 0);
    two.send(Second { id: 4 }).header("id", "4").await.unwrap();
    assert_eq!(stamp_two.0.load(Ordering::SeqCst), 1);
}
