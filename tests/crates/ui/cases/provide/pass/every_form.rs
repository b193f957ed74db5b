//! Every form of provider.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;
use std::sync::Arc;

/// A payment service.
pub trait Gateway: Send + Sync {}

/// One.
pub struct Sandbox;

impl Gateway for Sandbox {}

/// A clock.
pub struct Clock;

/// A counter.
pub struct Counter;

/// A store.
pub struct Store;

/// A port.
pub trait Port: Send + Sync {}

impl Port for Sandbox {}

#[provide]
fn clock() -> Clock {
    Clock
}

#[provide]
async fn gateway(_: &Clock, _: &Counter) -> Result<Box<dyn Gateway>> {
    std::future::ready(()).await;
    Ok(Box::new(Sandbox))
}

#[provide]
fn counter() -> Arc<Counter> {
    Arc::new(Counter)
}

#[provide]
fn store(_: &dyn Gateway) -> Result<Store> {
    Ok(Store)
}

#[provide]
fn port() -> Box<dyn Port> {
    Box::new(Sandbox)
}

fn main() {}
