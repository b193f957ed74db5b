//! Guards: targets, order, provided values, around, refusal, on listeners too.

use std::sync::{Arc, Mutex};

use anywise::prelude::*;

anywise::slice!(SLICE = "guards");

#[derive(Default)]
struct Trail(Mutex<Vec<String>>);

impl Trail {
    fn step(&self, step: impl Into<String>) {
        self.0.lock().unwrap().push(step.into());
    }
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Money;

#[command(reply = String, key = account, family(Money))]
struct Pay {
    account: String,
    amount: i64,
}

#[query(reply = i64)]
struct Balance;

#[event(key = account)]
struct Paid {
    account: String,
}

#[derive(Debug, PartialEq)]
struct User(String);

#[derive(Debug, Fault)]
enum Refused {
    #[fault(kind = forbidden, code = "guards.negative", message = "amount {amount} is negative")]
    Negative { amount: i64 },
    #[fault(kind = unauthenticated, code = "guards.nobody", message = "nobody")]
    Nobody,
}

#[guard(all)]
fn everything(trail: &Trail, cx: Context) -> Result<()> {
    anywise::tracing::debug!(kind = ?cx.kind(), "seen");
    trail.step(format!("all {} {}", cx.name(), cx.key().unwrap_or("-")));
    Ok(())
}

#[guard(commands)]
async fn signed_in(user: Option<Header<Authorization>>, trail: &Trail) -> Result<User, Refused> {
    tokio::task::yield_now().await;
    trail.step("commands");
    let user = user.ok_or(Refused::Nobody)?;
    Ok(User(user.bearer().ok_or(Refused::Nobody)?.to_owned()))
}

#[guard(queries)]
async fn queries_only(trail: &Trail) -> Result<()> {
    trail.step("queries");
    Ok(())
}

#[guard(around, slice, order = 1)]
async fn second_of_slice(mut next: Next<'_>) -> Result<()> {
    next.run().await
}

#[guard(around, slice, order = -1)]
async fn timed(trail: &Trail, cx: Context, mut next: Next<'_>) -> Result<()> {
    trail.step(format!("before {}", cx.name()));
    let result = next.run().await;
    let reply = next.reply::<String>().cloned().unwrap_or_default();
    trail.step(format!("after {reply}"));
    result
}

#[guard(family = Money)]
async fn money(user: Provided<User>, view: JsonView, trail: &Trail) -> Result<()> {
    trail.step(format!("family {} {}", user.0, view.0["amount"]));
    Ok(())
}

#[guard(messages(Paid))]
async fn of_paid(trail: &Trail) -> Result<()> {
    trail.step("messages(Paid)");
    Ok(())
}

#[guard]
fn positive(cmd: &Pay) -> Result<(), Refused> {
    if cmd.amount < 0 { Err(Refused::Negative { amount: cmd.amount }) } else { Ok(()) }
}

#[handler]
async fn pay(cmd: Pay, user: Provided<User>, trail: &Trail, events: &mut Events<(Paid,)>) -> String {
    trail.step("handler");
    events.publish(Paid { account: cmd.account });
    format!("{} paid {}", user.0, cmd.amount)
}

#[handler]
fn balance(_: &Balance, trail: &Trail) -> i64 {
    trail.step("handler");
    7
}

#[listen]
async fn on_paid(event: &Paid, trail: &Trail) {
    trail.step(format!("listener {}", event.account));
}

async fn app() -> (App, Arc<Trail>) {
    let trail = Arc::new(Trail::default());
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&trail)).build().await.unwrap();
    (app, trail)
}

fn payment(amount: i64) -> Pay {
    Pay { account: "a-1".into(), amount }
}

#[tokio::test]
async fn they_run_from_broad_to_narrow_and_on_listeners_too() {
    let (app, trail) = app().await;
    let reply = app.send(payment(5)).header("Authorization", "Bearer ann").await.unwrap();
    assert_eq!(reply, "ann paid 5");
    app.settled().await;
    assert_eq!(
        trail.take(),
        [
            "all guards.Pay a-1",
            "commands",
            "before guards.Pay",
            "family ann 5",
            "handler",
            "after ann paid 5",
            "all guards.Paid a-1",
            "before guards.Paid",
            "messages(Paid)",
            "listener a-1",
            "after ",
        ]
    );
}

#[tokio::test]
async fn one_that_refuses_keeps_the_handler_from_running() {
    let (app, trail) = app().await;
    let error = app.send(payment(5)).await.unwrap_err();
    assert_eq!(error.code(), "guards.nobody");
    assert_eq!(trail.take(), ["all guards.Pay a-1", "commands"]);

    let error = app.send(payment(-5)).header("authorization", "Bearer ann").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "guards.negative"));
    assert!(!trail.take().contains(&"handler".to_owned()));
}

#[tokio::test]
async fn kinds_are_told_apart() {
    let (app, trail) = app().await;
    app.send(Balance).await.unwrap();
    assert_eq!(
        trail.take(),
        ["all guards.Balance -", "queries", "before guards.Balance", "handler", "after "]
    );
}

#[tokio::test]
async fn the_catalog_shows_the_resolved_chain() {
    let (app, _) = app().await;
    let functions = &app.catalog().functions;
    let pay = functions.iter().find(|function| function.name == "pay").unwrap();
    let chain: Vec<_> = pay.guards.iter().map(|guard| guard.id.rsplit("::").next().unwrap()).collect();
    assert_eq!(chain, ["everything", "signed_in", "timed", "second_of_slice", "money", "positive"]);
    let on_paid = functions.iter().find(|function| function.name == "on_paid").unwrap();
    let chain: Vec<_> = on_paid.guards.iter().map(|guard| guard.target.as_str()).collect();
    assert_eq!(chain, ["all", "slice", "slice", "messages(guards.Paid)"]);
}

#[tokio::test]
async fn no_way_in_goes_around_them() {
    let (app, trail) = app().await;
    let body = r#"{"account":"a-2","amount":1}"#;
    let outcome = app.dispatch(anywise::Envelope::json("guards.Pay", body)).await;
    assert!(matches!(outcome, anywise::Outcome::DeadLetter(reason) if reason.contains("guards.nobody")));
    let endpoint = app.endpoint("guards.Pay").unwrap();
    let error = endpoint.call(body.as_bytes(), anywise::Head::default()).await.unwrap_err();
    assert_eq!(error.code(), "guards.nobody");
    assert!(!trail.take().contains(&"handler".to_owned()));
}

mod swallowing {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "swallowing");

    #[command]
    pub(super) struct Swallowed;

    #[guard(around, messages(Swallowed))]
    async fn swallow(_next: Next<'_>) -> Result<()> {
        Ok(())
    }

    #[guard(around, messages(Panics))]
    async fn panics(_next: Next<'_>) -> Result<()> {
        panic!("in a guard")
    }

    #[guard]
    fn sync_panics(_: &PanicsSoon) -> Result<()> {
        panic!("in a guard")
    }

    #[guard(timeout = "5ms")]
    async fn hangs(_: &Hangs) -> Result<()> {
        std::future::pending().await
    }

    #[command]
    pub(super) struct Hangs;

    #[handler]
    async fn d(_: Hangs) {
        unreachable!("its guard hangs");
    }

    #[command]
    pub(super) struct Panics;

    #[command]
    pub(super) struct PanicsSoon;

    #[handler]
    async fn a(_: Swallowed) {
        unreachable!("its guard swallows it");
    }
    #[handler]
    async fn b(_: Panics) {
        unreachable!("its guard panics");
    }
    #[handler]
    async fn c(_: PanicsSoon) {
        unreachable!("its guard panics");
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_forgets_or_panics_or_hangs_refuses() {
    let app = App::builder().slices([swallowing::SLICE]).build().await.unwrap();
    assert_eq!(app.send(swallowing::Swallowed).await.unwrap_err().code(), "AW1500");
    let error = app.send(swallowing::Hangs).await.unwrap_err();
    assert_eq!(error.code(), "AW1501");
    assert!(error.message().contains("hangs"), "{error}");
    assert_eq!(app.send(swallowing::Panics).await.unwrap_err().code(), "AW1500");
    assert_eq!(app.send(swallowing::PanicsSoon).await.unwrap_err().code(), "AW1500");
}

mod far {
    use super::*;
    anywise::slice!(pub(super) SLICE = "guards-far");
    #[command]
    pub(super) struct Far;
    #[handler]
    fn far(_: Far) {}
}

mod near {
    use super::*;
    anywise::slice!(pub(super) SLICE = "guards-near");
    #[guard(messages(far::Far))]
    fn guards_far() -> Result<()> {
        Ok(())
    }
    #[command]
    struct Near;
    #[handler]
    fn near(_: Near) {}
}

#[tokio::test]
async fn one_whose_functions_run_in_another_process_is_no_fault() {
    App::builder().slices([near::SLICE]).build().await.unwrap();
    App::builder().slices([near::SLICE, far::SLICE]).build().await.unwrap();
}
