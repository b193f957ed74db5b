//! Forms of functions: methods, one of several messages, by value, sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anywise::prelude::*;

anywise::slice!(SLICE = "functions");

#[command(reply = i64)]
#[derive(Clone)]
struct Add {
    n: i64,
}

#[command(reply = i64)]
#[derive(Clone)]
struct Subtract {
    n: i64,
}

#[one_of]
enum Change {
    Add(Add),
    Subtract(Subtract),
}

#[event]
#[derive(Clone)]
struct Opened;

#[event]
#[derive(Clone)]
struct Closed;

#[one_of]
enum Life {
    Opened(Opened),
    Closed(Closed),
}

#[derive(Default)]
struct Balance(AtomicI64);

#[guard]
fn small(change: &Change) -> Result<()> {
    let (Change::Add(Add { n }) | Change::Subtract(Subtract { n })) = change;
    if *n > 100 { Err(Error::new(Kind::Unprocessable, "functions.large", "too large")) } else { Ok(()) }
}

#[handler]
async fn change(change: Change, balance: &Balance) -> i64 {
    let by = match change {
        Change::Add(add) => add.n,
        Change::Subtract(subtract) => -subtract.n,
    };
    balance.0.fetch_add(by, Ordering::SeqCst) + by
}

#[listen]
async fn life(event: &Life, balance: &Balance) {
    let by = if matches!(event, Life::Opened(_)) { 1000 } else { -1000 };
    balance.0.fetch_add(by, Ordering::SeqCst);
}

#[query(reply = i64)]
struct Ask;

#[event]
struct Reset;

struct Desk {
    balance: Arc<Balance>,
}

#[handlers]
impl Desk {
    /// Answers with the balance.
    #[handler]
    async fn ask(&self, _: Ask, unit: &Unit) -> i64 {
        self.balance.0.load(Ordering::SeqCst) * unit.0
    }

    #[listen]
    fn reset(&self, _: &Reset) {
        self.set(0);
    }

    fn set(&self, to: i64) {
        self.balance.0.store(to, Ordering::SeqCst);
    }
}

struct Unit(i64);

async fn app() -> App {
    let balance = Arc::new(Balance::default());
    App::builder()
        .slices([SLICE])
        .provide_arc(Arc::clone(&balance))
        .provide(Desk { balance })
        .provide(Unit(10))
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn one_function_handles_one_of_several_messages() {
    let app = app().await;
    assert_eq!(app.send(Add { n: 5 }).await.unwrap(), 5);
    assert_eq!(app.send(Subtract { n: 2 }).await.unwrap(), 3);
    assert_eq!(app.send(Subtract { n: 200 }).await.unwrap_err().code(), "functions.large");
    app.publish(Opened).await.unwrap();
    app.publish(Opened).await.unwrap();
    app.publish(Closed).await.unwrap();
    assert_eq!(app.send(Add { n: 0 }).await.unwrap(), 1003);
}

#[tokio::test]
async fn a_method_borrows_its_own_type_as_a_dependency() {
    let app = app().await;
    app.send(Add { n: 7 }).await.unwrap();
    assert_eq!(app.send(Ask).await.unwrap(), 70);
    app.publish(Reset).await.unwrap();
    assert_eq!(app.send(Ask).await.unwrap(), 0);
    let ask = app.catalog().functions.iter().find(|function| function.id.ends_with("Desk::ask")).unwrap();
    let needs: Vec<_> = ask.needs.iter().map(|need| need.type_name.as_str()).collect();
    assert_eq!(needs, ["Desk", "Unit"]);
    assert_eq!(ask.docs, "Answers with the balance.");
}

#[tokio::test]
async fn inspect_lists_every_function() {
    let text = app().await.inspect();
    for word in [
        "slice functions",
        "handler  change",
        "guard    small",
        "<- functions.Add, functions.Subtract",
        "functions.rs:",
    ] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
}
