//! What every registry must do.

use std::time::Duration;

use anywise_core::Instance;
use anywise_discovery::Registry;

use crate::support::{expect, within};

/// An instance at this address.
fn at(address: &str) -> Instance {
    Instance::new(address)
}

/// Instances that register are found, and those that deregister are not.
pub(crate) async fn come_and_go(registry: &impl Registry) {
    let mut instances = registry.watch("payment");
    expect(&mut instances, &[]).await;
    let one = within(registry.register("payment", at("10.0.0.1:3000"))).await.unwrap();
    expect(&mut instances, &["10.0.0.1:3000"]).await;
    let two = within(registry.register("payment", at("[::1]:3000"))).await.unwrap();
    let other = within(registry.register("payments", at("10.0.0.9:1"))).await.unwrap();
    expect(&mut instances, &["10.0.0.1:3000", "[::1]:3000"]).await;
    expect(&mut registry.watch("payment"), &["10.0.0.1:3000", "[::1]:3000"]).await;
    within(one.deregister()).await.unwrap();
    expect(&mut instances, &["[::1]:3000"]).await;
    drop(two);
    expect(&mut instances, &[]).await;
    expect(&mut registry.watch("payments"), &["10.0.0.9:1"]).await;
    within(other.deregister()).await.unwrap();
}

/// An instance stays for longer than its time as long as its process lives, and
/// is forgotten when that has died. The registry's time is 3 s.
pub(crate) async fn live_and_die<R: Registry>(registry: &R, same: R) {
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let registering = process.spawn(async move { same.register("stock", at("h:1")).await });
    let registered = within(registering).await.unwrap().unwrap();
    let mut instances = registry.watch("stock");
    expect(&mut instances, &["h:1"]).await;
    let gone = tokio::time::timeout(Duration::from_millis(6_500), instances.changed()).await;
    assert!(gone.is_err(), "it lives, and its time has passed twice");
    process.shutdown_background();
    expect(&mut instances, &[]).await;
    drop(registered);
}
