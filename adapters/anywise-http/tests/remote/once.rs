//! A command that is tried again is carried out once by a server with a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use anywise::prelude::*;
use anywise::{BoxFuture, Envelope, MemoryStore, Remote, RemotePolicy, Requests};
use anywise_http::HttpRemote;
use bytes::Bytes;

use crate::desk::{SLICE, Tallies, Tally};
use crate::server::{Server, within};

/// Loses the answer to the first calls.
struct Lossy {
    remote: HttpRemote,
    losses: AtomicU32,
}

impl Remote for Lossy {
    fn name(&self) -> &'static str {
        "lossy"
    }

    fn reaches(&self, message: &str) -> bool {
        self.remote.reaches(message)
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(async move {
            let answer = self.remote.call(request).await?;
            match self.losses.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
                Ok(_) => Err(Error::new(Kind::Unavailable, "AW2102", "lost")),
                Err(_) => Ok(answer),
            }
        })
    }
}

async fn start(store: bool, losses: u32) -> (Arc<Tallies>, Server, Requests) {
    let tallies = Arc::new(Tallies::default());
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&tallies));
    let app = if store { app.store(MemoryStore::new()) } else { app };
    let server = Server::of(app.build().await.unwrap(), |http| http).await;
    let remote = Lossy { remote: HttpRemote::to(&server.url()).unwrap(), losses: AtomicU32::new(losses) };
    (tallies, server, Requests::through(RemotePolicy::default().around(remote)))
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let (tallies, _server, requests) = start(true, 2).await;
    assert_eq!(within(requests.send(Tally { fail: false }).into_future()).await.unwrap(), 1);
    assert_eq!(tallies.done.load(SeqCst), 1);
    assert_eq!(requests.send(Tally { fail: false }).await.unwrap(), 2, "another message is another command");
}

#[tokio::test]
async fn a_key_of_the_senders_is_the_key() {
    let (tallies, _server, requests) = start(true, 0).await;
    for _ in 0..3 {
        assert_eq!(requests.send(Tally { fail: false }).idempotency_key("k-1").await.unwrap(), 1);
    }
    assert_eq!(tallies.done.load(SeqCst), 1);
}

#[tokio::test]
async fn what_failed_is_carried_out_again() {
    let (tallies, _server, requests) = start(true, 0).await;
    let error = within(requests.send(Tally { fail: true }).into_future()).await.unwrap_err();
    assert_eq!((error.code(), tallies.done.load(SeqCst)), ("desk.busy", 3));
}

#[tokio::test]
async fn without_a_store_each_attempt_is_one() {
    let (tallies, _server, requests) = start(false, 2).await;
    assert_eq!(within(requests.send(Tally { fail: false }).into_future()).await.unwrap(), 3);
    assert_eq!(tallies.done.load(SeqCst), 3);
}
