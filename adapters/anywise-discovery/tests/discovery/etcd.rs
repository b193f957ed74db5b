//! etcd itself.

use std::net::SocketAddr;
use std::time::Duration;

use anywise_core::{Discovery as _, Instance, new_id};
use anywise_discovery::{Etcd, Registry as _};
use tokio::net::{TcpStream, lookup_host};

use crate::proxy::Proxy;
use crate::registries;
use crate::support::{expect, within};

/// Where etcd is, if it is there.
pub(crate) async fn url() -> Option<(String, SocketAddr)> {
    let url = std::env::var("ANYWISE_ETCD_URL").unwrap_or_else(|_| "http://127.0.0.1:2379".to_owned());
    let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let address = lookup_host(&host).await.ok().and_then(|mut all| all.next());
    if let Some(address) = address
        && TcpStream::connect(address).await.is_ok()
    {
        return Some((url, address));
    }
    anywise_servers::skip("etcd", format!("there is no etcd at {url}; set ANYWISE_ETCD_URL"));
    None
}

/// A client with keys of its own.
fn client(url: &str) -> Etcd {
    Etcd::at(url).unwrap().prefix(format!("/anywise-test/{}/", new_id())).ttl(Duration::from_secs(3))
}

#[tokio::test]
async fn instances_come_and_go() {
    let Some((url, _)) = url().await else { return };
    registries::come_and_go(&client(&url)).await;
}

#[tokio::test]
async fn one_that_has_died_is_forgotten() {
    let Some((url, _)) = url().await else { return };
    let etcd = client(&url);
    registries::live_and_die(&etcd, etcd.clone()).await;
}

#[tokio::test]
async fn a_lease_that_was_lost_is_taken_anew() {
    let Some((url, address)) = url().await else { return };
    let proxy = Proxy::to(address).await;
    let prefix = format!("/anywise-test/{}/", new_id());
    let far = Etcd::at(&proxy.url).unwrap().prefix(&prefix).ttl(Duration::from_secs(2));
    let near = Etcd::at(&url).unwrap().prefix(&prefix);
    let registered = far.register("a", Instance::new("h:1")).await.unwrap();
    let mut instances = near.watch("a");
    expect(&mut instances, &["h:1"]).await;
    proxy.cut();
    // etcd forgets it, since nobody keeps it.
    expect(&mut instances, &[]).await;
    proxy.mend();
    expect(&mut instances, &["h:1"]).await;
    within(registered.deregister()).await.unwrap();
    expect(&mut instances, &[]).await;
}

#[tokio::test]
async fn etcd_that_is_away_changes_nothing_and_is_asked_again() {
    let Some((url, address)) = url().await else { return };
    let proxy = Proxy::to(address).await;
    let prefix = format!("/anywise-test/{}/", new_id());
    let far = Etcd::at(&proxy.url).unwrap().prefix(&prefix);
    let near = Etcd::at(&url).unwrap().prefix(&prefix);
    let one = near.register("a", Instance::new("h:1")).await.unwrap();
    let mut instances = far.watch("a");
    expect(&mut instances, &["h:1"]).await;
    proxy.cut();
    let error = within(far.register("a", Instance::new("h:2"))).await.unwrap_err();
    assert_eq!(error.code(), "AW2110");
    let two = near.register("a", Instance::new("h:2")).await.unwrap();
    within(one.deregister()).await.unwrap();
    assert_eq!(instances.now().unwrap().len(), 1, "what is known stays known");
    proxy.mend();
    expect(&mut instances, &["h:2"]).await;
    within(two.deregister()).await.unwrap();
}
