//! The user may use any name that the expansion could want.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::{command, handler, provide};

/// Like the expansion's type.
#[command]
pub struct Bound;

/// Shadows the prelude.
#[derive(Debug)]
pub struct Option;

/// Shadows the prelude.
pub struct Result;

/// Shadows the traits of providers.
pub struct Tag;

#[handler]
fn wire(_: Bound, _: &Option) {}

/// Like a function of core.
#[command]
pub struct Scope;

#[handler]
async fn message(_: &Scope, _: &Result, _: &Tag) {
    std::future::ready(()).await;
}

#[provide]
fn output() -> Tag {
    Tag
}

#[provide]
async fn wiring(_: &Tag) -> Result {
    std::future::ready(Result).await
}

#[provide]
fn d0() -> Option {
    Option
}

fn main() {}
