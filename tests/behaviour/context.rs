//! What a function takes from its message's context, and what causes hand on.

use std::sync::{Arc, Mutex};

use anywise::prelude::*;

anywise::slice!(SLICE = "context");

#[derive(Default)]
struct Seen(Mutex<Vec<Context>>);

#[command(reply = String, key = id)]
struct Start {
    id: String,
}

#[event(key = id)]
struct Started {
    id: String,
}

#[command(key = id)]
struct Follow {
    id: String,
}

#[handler]
async fn start(
    cmd: Start,
    cx: Context,
    tenant: Header<Tenant>,
    principal: Principal,
    seen: &Seen,
    events: &mut Events<(Started,)>,
) -> String {
    seen.0.lock().unwrap().push(cx);
    events.publish(Started { id: cmd.id });
    format!("{} of {}", principal.id(), tenant.0.0)
}

#[listen]
async fn started(event: &Started, cx: Context, principal: Principal, seen: &Seen) -> Follow {
    assert_eq!(principal.id(), "ann");
    seen.0.lock().unwrap().push(cx);
    Follow { id: event.id.clone() }
}

#[handler]
async fn follow(_: Follow, cx: Context, seen: &Seen) {
    seen.0.lock().unwrap().push(cx);
}

struct Tenant(String);

impl anywise::TypedHeader for Tenant {
    const NAME: &'static str = "tenant";
    fn parse(text: &str) -> Result<Self> {
        Ok(Self(text.to_owned()))
    }
}

#[query(reply = bool)]
struct Optional;

#[handler]
fn optional(_: Optional, tenant: Option<Header<Tenant>>, stop: Cancellation, deadline: Deadline) -> bool {
    assert!(!stop.is_cancelled());
    assert!(deadline.remaining().is_none());
    tenant.is_some()
}

#[query(reply = String, local)]
struct Sent;

struct Extra(&'static str);

#[handler]
fn sent(_: Sent, extra: Provided<Extra>) -> String {
    extra.0.to_owned()
}

async fn app() -> (App, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let app = App::builder()
        .slices([SLICE])
        .provide_arc(Arc::clone(&seen))
        .sender_provides::<Extra>()
        .build()
        .await
        .unwrap();
    (app, seen)
}

#[tokio::test]
async fn correlation_causation_and_principal_travel_with_what_a_message_causes() {
    let (app, seen) = app().await;
    let reply = app
        .send(Start { id: "7".into() })
        .header("Tenant", "acme")
        .principal(Principal::new("ann"))
        .await
        .unwrap();
    assert_eq!(reply, "ann of acme");
    app.settled().await;
    let seen = seen.0.lock().unwrap();
    let [first, second, third] = seen.as_slice() else { panic!("three functions ran") };
    assert_eq!(
        (first.name(), second.name(), third.name()),
        ("context.Start", "context.Started", "context.Follow")
    );
    assert_eq!(first.key(), Some("7"));
    assert_eq!(first.id().get_version_num(), 7);
    assert_eq!(first.causation_id(), None);
    assert_eq!(second.causation_id(), Some(first.id()));
    assert_eq!(third.causation_id(), Some(second.id()));
    let root = first.id().to_string();
    assert_eq!((second.correlation_id(), third.correlation_id()), (Some(root.as_str()), Some(root.as_str())));
    assert!(second.headers().is_empty(), "the caller's headers are the caller's");
    assert_eq!(first.function(), "behaviour::context::start");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let (app, _) = app().await;
    let error = app.send(Start { id: "7".into() }).principal(Principal::new("ann")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Invalid, "AW1050"));
    assert!(error.message().contains("header `tenant`"), "{error}");
    let error = app.send(Start { id: "7".into() }).header("tenant", "acme").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn an_option_may_be_absent() {
    let (app, _) = app().await;
    assert!(!app.send(Optional).await.unwrap());
    assert!(app.send(Optional).header("tenant", "acme").await.unwrap());
}

#[query(reply = bool)]
struct SignedIn;

#[handler]
fn signed_in(_: SignedIn, auth: Option<Header<Authorization>>) -> bool {
    auth.is_some()
}

#[query(reply = String)]
struct WhoAmI;

#[handler]
fn who_am_i(_: WhoAmI, auth: Header<Authorization>) -> String {
    auth.credentials().to_owned()
}

#[tokio::test]
async fn what_is_there_and_wrong_is_not_absent() {
    let (app, _) = app().await;
    assert!(!app.send(SignedIn).await.unwrap());
    let error = app.send(SignedIn).header("authorization", "nonsense").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (401, "AW1101"));
}

#[tokio::test]
async fn a_missing_authorization_is_401() {
    let (app, _) = app().await;
    assert_eq!(app.send(WhoAmI).await.unwrap_err().status(), 401);
    assert_eq!(app.send(WhoAmI).header("Authorization", "Bearer ann").await.unwrap(), "ann");
}

#[tokio::test]
async fn a_sender_may_provide_a_value() {
    let (app, _) = app().await;
    assert_eq!(app.send(Sent).with(Extra("along")).await.unwrap(), "along");
    assert_eq!(app.send(Sent).await.unwrap_err().code(), "AW1050");
}
