//! Calls to services that are found.

use std::collections::BTreeSet;

use anywise::prelude::*;
use anywise::{Instance, Requests};
use anywise_axum::Http;
use anywise_discovery::{Consul, Etcd, Registered, Registry};
use anywise_http::HttpRemote;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::{expect, within};
use crate::{etcd, stand_in};

anywise::slice!(SLICE = "who", "Says who it is.");

#[query(reply = u8, http = "GET /who")]
struct Who;

#[handler]
fn who(_: Who, name: &u8) -> u8 {
    *name
}

/// A service that is served and registered.
struct Service {
    registered: Registered,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Service {
    async fn start(registry: &impl Registry, name: u8) -> Self {
        let app = App::builder().slices([SLICE]).provide(name).build().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            app.serve_until(Http::on(listener), async move { drop(stopped.await) }).await.unwrap();
        });
        let registered = registry.register("who", Instance::new(address)).await.unwrap();
        Self { registered, stop, task }
    }

    /// First nobody new finds it, then it finishes what it has begun.
    async fn stop(self) {
        within(self.registered.deregister()).await.unwrap();
        self.stop.send(()).unwrap();
        within(self.task).await.unwrap();
    }
}

async fn answers(requests: &Requests) -> BTreeSet<u8> {
    let mut answers = BTreeSet::new();
    for _ in 0..6 {
        answers.insert(within(requests.send(Who).into_future()).await.unwrap());
    }
    answers
}

async fn journey(registry: &impl Registry) {
    let one = Service::start(registry, 1).await;
    let requests = Requests::through(HttpRemote::found(registry, "who").unwrap());
    assert_eq!(answers(&requests).await, BTreeSet::from([1]));
    let two = Service::start(registry, 2).await;
    let mut watch = registry.watch("who");
    while watch.now().is_none_or(|all| all.len() < 2) {
        within(watch.changed()).await;
    }
    // The remote has a watch of its own, which may hear of it a moment later.
    while within(requests.send(Who).into_future()).await.unwrap() != 2 {}
    assert_eq!(answers(&requests).await, BTreeSet::from([1, 2]));
    one.stop().await;
    // One that is still on the list refuses, and the call goes to the other.
    assert_eq!(answers(&requests).await, BTreeSet::from([2]));
    two.stop().await;
    expect(&mut watch, &[]).await;
}

#[tokio::test]
async fn services_in_etcd_are_called() {
    let Some((url, _)) = etcd::url().await else { return };
    journey(&Etcd::at(&url).unwrap().prefix(format!("/anywise-test/{}/", anywise::new_id()))).await;
}

#[tokio::test]
async fn services_in_consul_are_called() {
    let server = stand_in::Consul::start(None).await;
    journey(&Consul::at(&server.url()).unwrap()).await;
}
