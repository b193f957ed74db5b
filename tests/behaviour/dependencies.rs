//! Dependencies: from the builder, providers, configuration; replaced; in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anywise::prelude::*;
use serde_json::json;

anywise::slice!(SLICE = "dependencies");

trait Gateway: Send + Sync {
    fn charge(&self) -> String;
}

struct Real {
    endpoint: String,
}

impl Gateway for Real {
    fn charge(&self) -> String {
        format!("charged at {}", self.endpoint)
    }
}

struct Fake;

impl Gateway for Fake {
    fn charge(&self) -> String {
        "faked".into()
    }
}

/// Where payments go.
#[config(prefix = "dependencies.gateway")]
struct GatewayConfig {
    /// The address.
    endpoint: String,
    /// Tries.
    #[serde(default)]
    tries: u32,
}

#[provide]
async fn gateway(config: &GatewayConfig, clock: &Clock) -> Result<Box<dyn Gateway>> {
    tokio::task::yield_now().await;
    assert_eq!(clock.built.load(Ordering::SeqCst), 1);
    if config.tries > 3 {
        return Err(Error::new(Kind::Unavailable, "gateway.down", "gateway is down"));
    }
    Ok(Box::new(Real { endpoint: config.endpoint.clone() }))
}

struct Clock {
    built: Arc<AtomicUsize>,
}

#[provide]
fn clock(counter: &Arc<AtomicUsize>) -> Clock {
    counter.fetch_add(1, Ordering::SeqCst);
    Clock { built: Arc::clone(counter) }
}

#[provide]
fn shared() -> Arc<String> {
    Arc::new("shared".into())
}

#[command(reply = String)]
struct Charge;

#[handler]
async fn charge(_: Charge, gateway: &dyn Gateway, shared: &String, late: &u64) -> String {
    format!("{} {shared} {late}", gateway.charge())
}

fn builder(endpoint: &serde_json::Value) -> anywise::AppBuilder {
    App::builder()
        .slices([SLICE])
        .config(json!({"dependencies": {"gateway": endpoint}}))
        .provide(Arc::new(AtomicUsize::new(0)))
        .provide_with(async {
            tokio::task::yield_now().await;
            Ok::<u64, Error>(9)
        })
}

#[tokio::test]
async fn each_is_built_once_after_what_it_needs() {
    let app = builder(&json!({"endpoint": "here"})).build().await.unwrap();
    assert_eq!(app.send(Charge).await.unwrap(), "charged at here shared 9");
    assert_eq!(app.send(Charge).await.unwrap(), "charged at here shared 9");
    let dependencies = &app.catalog().dependencies;
    let gateway = dependencies.iter().find(|dependency| dependency.type_name == "dyn Gateway").unwrap();
    assert_eq!(gateway.source, "behaviour::dependencies::gateway");
    assert_eq!(gateway.needed_by, ["behaviour::dependencies::charge"]);
}

#[tokio::test]
async fn a_replacement_wins_over_every_source() {
    let app =
        builder(&json!({"endpoint": "here"})).replace::<dyn Gateway>(Arc::new(Fake)).build().await.unwrap();
    assert_eq!(app.send(Charge).await.unwrap(), "faked shared 9");
}

#[tokio::test]
async fn configuration_that_does_not_fit_is_a_fault_with_its_path() {
    let error = builder(&json!({"endpoint": 7})).build().await.unwrap_err();
    let [fault] = error.faults() else { panic!("one fault: {error}") };
    assert_eq!(fault.code, "AW4111");
    assert!(fault.message.contains("`endpoint`"), "{fault}");
}

#[tokio::test]
async fn a_provider_that_fails_is_a_fault() {
    let error = builder(&json!({"endpoint": "here", "tries": 9})).build().await.unwrap_err();
    let [fault] = error.faults() else { panic!("one fault: {error}") };
    assert_eq!(fault.code, "AW4110");
    assert!(fault.message.contains("gateway is down"), "{fault}");
    assert!(fault.sites[0].contains("dependencies.rs"), "{fault}");
}
