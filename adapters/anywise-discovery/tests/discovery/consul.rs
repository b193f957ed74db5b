//! Consul, that is, its stand-in.

use std::time::Duration;

use anywise_core::{Discovery as _, Instance};
use anywise_discovery::{Consul, Registry as _};

use crate::proxy::Proxy;
use crate::support::{expect, within};
use crate::{registries, stand_in};

fn client(server: &stand_in::Consul) -> Consul {
    Consul::at(&server.url()).unwrap().ttl(Duration::from_secs(3))
}

#[tokio::test]
async fn instances_come_and_go() {
    let server = stand_in::Consul::start(None).await;
    registries::come_and_go(&client(&server)).await;
    assert_eq!(server.ids(), Vec::<String>::new());
}

#[tokio::test]
async fn one_that_has_died_is_unhealthy() {
    let server = stand_in::Consul::start(None).await;
    registries::live_and_die(&client(&server), client(&server)).await;
    assert_eq!(server.ids(), ["stock-h:1"], "Consul forgets it a minute later");
}

#[tokio::test]
async fn an_agent_that_has_forgotten_is_told_again() {
    let server = stand_in::Consul::start(None).await;
    let consul = client(&server);
    let _registered = consul.register("a b/c", Instance::new("h:1")).await.unwrap();
    let mut instances = consul.watch("a b/c");
    expect(&mut instances, &["h:1"]).await;
    server.forget();
    expect(&mut instances, &[]).await;
    expect(&mut instances, &["h:1"]).await;
}

#[tokio::test]
async fn a_token_is_shown() {
    let server = stand_in::Consul::start(Some("t0ken")).await;
    let error = client(&server).register("a", Instance::new("h:1")).await.unwrap_err();
    assert!(error.code() == "AW2110" && error.message().contains("403"), "{error}");
    let consul = client(&server).token("t0ken").unwrap();
    let registered = consul.register("a", Instance::new("h:1")).await.unwrap();
    expect(&mut consul.watch("a"), &["h:1"]).await;
    within(registered.deregister()).await.unwrap();
}

#[tokio::test]
async fn an_agent_that_is_away_changes_nothing_and_is_asked_again() {
    let server = stand_in::Consul::start(None).await;
    let proxy = Proxy::to(server.address).await;
    let consul = Consul::at(&proxy.url).unwrap();
    let one = client(&server).register("a", Instance::new("h:1")).await.unwrap();
    let mut instances = consul.watch("a");
    expect(&mut instances, &["h:1"]).await;
    proxy.cut();
    let error = within(consul.register("a", Instance::new("h:2"))).await.unwrap_err();
    assert_eq!(error.code(), "AW2110");
    let _two = client(&server).register("a", Instance::new("h:2")).await.unwrap();
    within(one.deregister()).await.unwrap();
    assert_eq!(instances.now().unwrap().len(), 1, "what is known stays known");
    proxy.mend();
    expect(&mut instances, &["h:2"]).await;
}

#[tokio::test]
async fn an_instance_needs_a_port() {
    let server = stand_in::Consul::start(None).await;
    let error = client(&server).register("a", Instance::new("h")).await.unwrap_err();
    assert_eq!(error.code(), "AW2109");
}
