//! What is kept, tried again, ordered, scheduled and remembered, on the
//! in-memory reference of the store.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anywise::prelude::*;
use anywise::{DeadLetters, Delivery, Envelope, MemoryStore, Store, Timestamp};

anywise::slice!(SLICE = "durable");

#[event(key = account)]
struct Moved {
    account: String,
    n: u32,
}

#[command(reply = u32)]
struct Deposit {
    account: String,
    amount: u32,
}

#[command]
struct Remind {
    text: String,
}

#[command]
struct Later {
    text: String,
    seconds: u64,
    cancel: bool,
}

#[derive(Default)]
struct Seen {
    moved: Mutex<Vec<(String, u32)>>,
    reminded: Mutex<Vec<String>>,
    deposits: Mutex<u32>,
    poison: Mutex<Option<u32>>,
}

#[listen]
async fn follow(event: &Moved, seen: &Seen) -> Result<Option<Remind>> {
    if *seen.poison.lock().unwrap() == Some(event.n) {
        return Err(Error::new(Kind::Conflict, "durable.poison", "poison"));
    }
    seen.moved.lock().unwrap().push((event.account.clone(), event.n));
    Ok((event.n == 100).then(|| Remind { text: "a hundred".to_owned() }))
}

#[handler]
async fn deposit(cmd: Deposit, seen: &Seen, events: &mut Events<(Moved,)>) -> Result<u32> {
    if cmd.amount == 0 {
        return Err(Error::new(Kind::Conflict, "durable.nothing", "nothing to deposit"));
    }
    tokio::task::yield_now().await;
    *seen.deposits.lock().unwrap() += 1;
    events.publish(Moved { account: cmd.account, n: cmd.amount });
    Ok(cmd.amount)
}

#[handler]
async fn remind(cmd: Remind, seen: &Seen) {
    seen.reminded.lock().unwrap().push(cmd.text);
}

#[handler]
async fn later(cmd: Later, outbox: &mut Outbox<(Remind,)>, schedule: &mut Schedule<(Remind,)>) {
    outbox.send(Remind { text: format!("now {}", cmd.text) });
    let id = schedule.after(Duration::from_secs(cmd.seconds), Remind { text: cmd.text });
    if cmd.cancel {
        schedule.cancel(id);
    }
}

#[schedule("0 0 1 1 *")]
async fn yearly(tick: Tick, seen: &Seen) {
    seen.reminded.lock().unwrap().push(format!("new year {}", tick.due().strftime("%m-%d %H:%M")));
}

async fn start(store: &Arc<MemoryStore>) -> (App, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let app = App::builder().slices([SLICE]).provide_arc(Arc::clone(&seen)).store_arc(Arc::clone(store) as _);
    (app.build().await.unwrap(), seen)
}

async fn fresh() -> (App, Arc<MemoryStore>, Arc<Seen>) {
    let store = Arc::new(MemoryStore::new());
    let (app, seen) = start(&store).await;
    (app, store, seen)
}

fn moved(account: &str, n: u32) -> Moved {
    Moved { account: account.to_owned(), n }
}

fn deposit_of(amount: u32) -> Deposit {
    Deposit { account: "a".to_owned(), amount }
}

#[tokio::test]
async fn what_waits_for_another_process_is_not_waited_for() {
    let (app, store, seen) = fresh().await;
    let mut batch = anywise::Batch::default();
    batch.append.push(Delivery::new("elsewhere::listens", Envelope::json("elsewhere.Happened", "{}")));
    store.commit(batch).await.unwrap();
    app.publish(moved("a", 1)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(30), app.settled()).await.expect("its own work is done");
    assert_eq!(*seen.moved.lock().unwrap(), [("a".to_owned(), 1)]);
    assert_eq!(app.depth().await.unwrap().iter().map(|depth| depth.ready).sum::<u64>(), 1);
}

#[tokio::test]
async fn messages_of_one_key_are_handled_in_their_order() {
    let (app, _, seen) = fresh().await;
    for n in 0..50 {
        app.publish(moved(if n % 2 == 0 { "even" } else { "odd" }, n)).await.unwrap();
    }
    app.settled().await;
    for account in ["even", "odd"] {
        let seen = seen.moved.lock().unwrap();
        let of: Vec<u32> = seen.iter().filter(|one| one.0 == account).map(|one| one.1).collect();
        assert_eq!(of.len(), 25);
        assert!(of.is_sorted(), "{of:?}");
    }
}

#[tokio::test]
async fn a_poison_message_parks_its_key_only_until_it_is_replayed() {
    let (app, store, seen) = fresh().await;
    *seen.poison.lock().unwrap() = Some(2);
    for n in 1..=4 {
        app.publish(moved("a", n)).await.unwrap();
    }
    app.publish(moved("b", 9)).await.unwrap();
    app.settled().await;
    assert_eq!(*seen.moved.lock().unwrap(), [("a".to_owned(), 1), ("b".to_owned(), 9)]);
    let depth = app.depth().await.unwrap();
    assert_eq!((depth[0].blocked, depth[0].dead), (2, 1));

    *seen.poison.lock().unwrap() = None;
    let dead = store.dead_letters(DeadLetters::default()).await.unwrap();
    assert_eq!(dead[0].failures[0].code, "durable.poison");
    assert!(store.replay(dead[0].id, None).await.unwrap());
    app.settled().await;
    let order: Vec<u32> = seen.moved.lock().unwrap().iter().map(|one| one.1).collect();
    assert_eq!(order, [1, 9, 2, 3, 4]);
}

#[tokio::test]
async fn a_listeners_answer_is_a_delivery_of_its_own() {
    let (app, _, seen) = fresh().await;
    app.publish(moved("a", 100)).await.unwrap();
    app.settled().await;
    assert_eq!(*seen.reminded.lock().unwrap(), ["a hundred"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_scheduled_comes_when_it_is_due_unless_it_is_cancelled() {
    let (app, _, seen) = fresh().await;
    let later = |text: &str, cancel| Later { text: text.to_owned(), seconds: 60, cancel };
    app.send(later("kept", false)).await.unwrap();
    app.send(later("cancelled", true)).await.unwrap();
    app.settled().await;
    assert_eq!(*seen.reminded.lock().unwrap(), ["now kept", "now cancelled"]);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(seen.reminded.lock().unwrap().len(), 2);
    tokio::time::sleep(Duration::from_secs(3)).await;
    app.settled().await;
    assert_eq!(seen.reminded.lock().unwrap()[2..], ["kept"]);
}

#[tokio::test]
async fn a_durable_command_is_handled_after_it_was_kept() {
    let (app, _, seen) = fresh().await;
    let id = app.send(Remind { text: "kept".to_owned() }).durable().await.unwrap();
    assert_eq!(id.get_version_num(), 7);
    app.settled().await;
    assert_eq!(*seen.reminded.lock().unwrap(), ["kept"]);
}

#[tokio::test]
async fn a_command_under_one_key_is_carried_out_once() {
    let (app, _, seen) = fresh().await;
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let app = app.clone();
        sends.spawn(async move { app.send(deposit_of(7)).idempotency_key("k-1").await });
    }
    assert!(sends.join_all().await.into_iter().all(|reply| reply.unwrap() == 7));
    assert_eq!(*seen.deposits.lock().unwrap(), 1);

    let other = app.send(deposit_of(8)).idempotency_key("k-1").await.unwrap_err();
    assert_eq!((other.status(), other.code()), (422, "idempotency.mismatch"));
    app.send(deposit_of(7)).idempotency_key("k-2").await.unwrap();
    assert_eq!(*seen.deposits.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (app, _, _) = fresh().await;
    for _ in 0..2 {
        let error = app.send(deposit_of(0)).idempotency_key("k").await.unwrap_err();
        assert_eq!(error.code(), "durable.nothing");
    }
    app.send(deposit_of(1)).idempotency_key("k").await.unwrap();
}

#[tokio::test]
async fn an_event_under_one_key_is_published_once() {
    let (app, _, seen) = fresh().await;
    for _ in 0..3 {
        app.publish(moved("a", 1)).idempotency_key("once").await.unwrap();
    }
    app.settled().await;
    assert_eq!(seen.moved.lock().unwrap().len(), 1);
    let other = app.publish(moved("a", 2)).idempotency_key("once").await.unwrap_err();
    assert_eq!(other.code(), "idempotency.mismatch");
}

#[tokio::test]
async fn a_due_time_that_was_missed_is_made_up_for_once() {
    let store = Arc::new(MemoryStore::new());
    let name = "behaviour::durable::yearly";
    let old: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    let elsewhere = Delivery::new("nowhere", Envelope::json("durable.Nothing", "{}"));
    assert!(store.fire(name, old, elsewhere).await.unwrap());
    let (app, seen) = start(&store).await;
    while seen.reminded.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    app.stop(Duration::from_secs(5)).await;
    assert_eq!(*seen.reminded.lock().unwrap(), ["new year 01-01 00:00"]);
    assert!(store.last_fired(name).await.unwrap().unwrap() > old);
}

#[tokio::test]
async fn a_schedule_is_in_the_catalog() {
    let (app, _, _) = fresh().await;
    let catalog = app.catalog();
    let yearly = catalog.functions.iter().find(|one| one.name == "yearly").unwrap();
    assert_eq!(yearly.schedule.as_deref(), Some("0 0 1 1 *"));
    let later = catalog.functions.iter().find(|one| one.name == "later").unwrap();
    assert_eq!(later.sends, ["durable.Remind"]);
}

#[tokio::test]
async fn scheduling_without_a_store_is_a_wiring_fault() {
    let error = App::builder().slices([SLICE]).provide(Seen::default()).build().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("AW4131") && text.contains("durable.rs"), "{text}");
}

/// A listener behind a guard, whose message becomes a dead letter.
mod guarded {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use anywise::prelude::*;
    use anywise::{DeadLetters, MemoryStore, Store};

    anywise::slice!(SLICE = "durable-guarded");

    #[event]
    struct Granted {
        to: String,
    }

    #[derive(Default)]
    struct Gate {
        closed: AtomicBool,
        broken: AtomicBool,
        asked: AtomicU32,
        handled: AtomicU32,
    }

    #[guard(messages(Granted))]
    fn may_pass(gate: &Gate) -> Result<()> {
        gate.asked.fetch_add(1, Ordering::SeqCst);
        if gate.closed.load(Ordering::SeqCst) {
            return Err(Error::new(Kind::Forbidden, "guarded.closed", "nobody passes"));
        }
        Ok(())
    }

    #[listen]
    async fn note(_: &Granted, gate: &Gate) -> Result<()> {
        if gate.broken.load(Ordering::SeqCst) {
            return Err(Error::new(Kind::Conflict, "guarded.broken", "it does not work"));
        }
        gate.handled.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    #[tokio::test]
    async fn a_dead_letter_that_is_replayed_goes_through_the_guards_again() {
        let (store, gate) = (Arc::new(MemoryStore::new()), Arc::new(Gate::default()));
        let app =
            App::builder().slices([SLICE]).provide_arc(Arc::clone(&gate)).store_arc(Arc::clone(&store) as _);
        let app = app.build().await.unwrap();
        let counts = || (gate.asked.load(Ordering::SeqCst), gate.handled.load(Ordering::SeqCst));
        let replay = async || {
            let dead = store.dead_letters(DeadLetters::default()).await.unwrap();
            assert!(store.replay(dead[0].id, None).await.unwrap());
            app.settled().await;
        };

        // It passes, and fails behind the guard.
        gate.broken.store(true, Ordering::SeqCst);
        app.publish(Granted { to: "ann".to_owned() }).await.unwrap();
        app.settled().await;
        assert_eq!(counts(), (1, 0));

        // What would work now may not be done any more.
        gate.broken.store(false, Ordering::SeqCst);
        gate.closed.store(true, Ordering::SeqCst);
        replay().await;
        assert_eq!(counts(), (2, 0));
        let dead = store.dead_letters(DeadLetters::default()).await.unwrap();
        assert!(dead[0].reason.contains("guarded.closed"), "{}", dead[0].reason);

        gate.closed.store(false, Ordering::SeqCst);
        replay().await;
        assert_eq!(counts(), (3, 1));
    }
}
