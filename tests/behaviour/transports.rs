//! Events between applications, through a broker in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anywise::prelude::*;
use anywise::{ConsumePolicy, ConsumerState, Frame, Health, MemoryBroker, MemoryStore, RelayPolicy, Unknown};
use tokio::sync::{Semaphore, mpsc};

mod press {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "press", "Prints.");

    #[event(key = title)]
    pub(super) struct Printed {
        pub(super) title: String,
        pub(super) copies: u32,
    }

    #[command]
    pub(super) struct Print {
        pub(super) title: String,
    }

    #[handler]
    async fn print(cmd: Print, events: &mut Events<(Printed,)>) {
        events.publish(Printed { title: cmd.title, copies: 1 });
    }
}

mod shop {
    use super::press::Printed;
    use super::{Desk, Told};
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "bookshop", "Sells.");

    #[listen]
    async fn stock(event: &Printed, desk: &Desk) -> Result<()> {
        desk.tell("stock", event).await
    }

    #[listen]
    async fn advertise(event: &Printed, desk: &Desk) -> Result<()> {
        desk.tell("advertise", event).await
    }

    impl Desk {
        async fn tell(&self, who: &'static str, event: &Printed) -> Result<()> {
            let fails = self.fails.lock().unwrap().get_mut(&(who, event.title.clone())).and_then(|left| {
                let (count, kind) = left;
                (*count > 0).then(|| {
                    *count -= 1;
                    *kind
                })
            });
            if let Some(kind) = fails {
                return Err(Error::new(kind, "bookshop.closed", "closed"));
            }
            if event.title == "slow" {
                self.slow.acquire().await.unwrap().forget();
            }
            self.told.send(Told { who, title: event.title.clone(), copies: event.copies }).unwrap();
            Ok(())
        }
    }
}

mod library {
    use super::Shelf;
    use super::press::Printed;
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "library", "Lends.");

    #[listen]
    fn lend(event: &Printed, shelf: &Shelf) {
        shelf.0.fetch_add(event.copies, std::sync::atomic::Ordering::SeqCst);
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    who: &'static str,
    title: String,
    copies: u32,
}

/// How often a listener is still to fail, and how.
type Fails = (u32, Kind);

struct Desk {
    told: mpsc::UnboundedSender<Told>,
    fails: Mutex<HashMap<(&'static str, String), Fails>>,
    slow: Semaphore,
}

#[derive(Default)]
struct Shelf(AtomicU32);

/// An application of the bookshop alone, and what its listeners were told.
struct Bookshop {
    app: App,
    told: mpsc::UnboundedReceiver<Told>,
    desk: Arc<Desk>,
}

impl Bookshop {
    async fn open(broker: &MemoryBroker, policy: ConsumePolicy) -> Self {
        Self::with(broker, App::builder().consume_policy(policy)).await
    }

    async fn with(broker: &MemoryBroker, builder: anywise::AppBuilder) -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk { told: sender, fails: Mutex::default(), slow: Semaphore::new(0) });
        let app = builder
            .name("books")
            .slices([shop::SLICE])
            .provide_arc(Arc::clone(&desk))
            .transport(broker.clone())
            .build()
            .await
            .unwrap();
        Self { app, told, desk }
    }

    fn fails(&self, who: &'static str, title: &str, times: u32, kind: Kind) {
        self.desk.fails.lock().unwrap().insert((who, title.to_owned()), (times, kind));
    }

    async fn hears(&mut self, count: usize) -> Vec<(&'static str, String, u32)> {
        let mut heard = Vec::new();
        for _ in 0..count {
            let Told { who, title, copies } = self.told.recv().await.unwrap();
            heard.push((who, title, copies));
        }
        heard.sort();
        heard
    }
}

async fn publisher(broker: &MemoryBroker) -> App {
    App::builder().name("books").slices([press::SLICE]).transport(broker.clone()).build().await.unwrap()
}

fn printed(title: &str, copies: u32) -> press::Printed {
    press::Printed { title: title.to_owned(), copies }
}

async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_reaches_every_listener_in_another_application_once() {
    let broker = MemoryBroker::new("broker", 16);
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    let here = publisher(&broker).await;
    here.send(press::Print { title: "Emma".into() }).await.unwrap();
    assert_eq!(there.hears(2).await, [("advertise", "Emma".into(), 1), ("stock", "Emma".into(), 1)]);
    until(|| broker.depth("bookshop") == 0).await;
    assert!(there.told.is_empty());
}

#[tokio::test(start_paused = true)]
async fn processes_of_one_group_share_its_events() {
    let broker = MemoryBroker::new("broker", 256);
    let mut one = Bookshop::open(&broker, ConsumePolicy { prefetch: 4, ..ConsumePolicy::default() }).await;
    let mut other = Bookshop::open(&broker, ConsumePolicy { prefetch: 4, ..ConsumePolicy::default() }).await;
    let here = publisher(&broker).await;
    for copies in 0..100 {
        here.publish(printed(&copies.to_string(), copies)).await.unwrap();
    }
    until(|| broker.depth("bookshop") == 0).await;
    let counts = (one.told.len(), other.told.len());
    assert_eq!(counts.0 + counts.1, 200);
    assert!(counts.0 > 0 && counts.1 > 0, "{counts:?}");
    one.told.close();
    other.told.close();
}

#[tokio::test(start_paused = true)]
async fn what_its_own_process_has_heard_does_not_come_back() {
    let broker = MemoryBroker::new("broker", 16);
    let shelf = Arc::new(Shelf::default());
    let app = App::builder()
        .name("books")
        .slices([press::SLICE, library::SLICE])
        .provide_arc(Arc::clone(&shelf))
        .transport(broker.clone())
        .build()
        .await
        .unwrap();
    app.publish(printed("Emma", 1)).await.unwrap();
    until(|| broker.depth("library") == 0).await;
    assert_eq!(shelf.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_fails_is_tried_again_and_the_other_is_not() {
    let broker = MemoryBroker::new("broker", 16);
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    there.fails("stock", "Emma", 2, Kind::Unavailable);
    publisher(&broker).await.publish(printed("Emma", 1)).await.unwrap();
    assert_eq!(there.hears(2).await.len(), 2);
    until(|| broker.depth("bookshop") == 0).await;
    assert!(there.told.is_empty(), "the other listener ran once");
    assert!(broker.dead("bookshop").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_no_listener_can_handle_goes_where_the_broker_keeps_it() {
    let broker = MemoryBroker::new("broker", 16);
    let there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    there.fails("stock", "Emma", 99, Kind::Unavailable);
    there.fails("stock", "Ulysses", 99, Kind::Conflict);
    let here = publisher(&broker).await;
    here.publish(printed("Emma", 1)).await.unwrap();
    here.publish(printed("Ulysses", 1)).await.unwrap();
    until(|| broker.dead("bookshop").len() == 2).await;
    for (frame, reason) in broker.dead("bookshop") {
        assert_eq!(frame.attribute("type"), Some("press.Printed"));
        assert!(reason.contains("bookshop.closed"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_one_key_wait_for_each_other_and_others_do_not() {
    let broker = MemoryBroker::new("broker", 64);
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    there.fails("stock", "Emma", 3, Kind::Unavailable);
    let here = publisher(&broker).await;
    for copies in 1..=5 {
        here.publish(printed("Emma", copies)).await.unwrap();
        here.publish(printed(&copies.to_string(), copies)).await.unwrap();
    }
    let mut orders: HashMap<(&str, String), Vec<u32>> = HashMap::new();
    for _ in 0..20 {
        let told = there.told.recv().await.unwrap();
        orders.entry((told.who, told.title)).or_default().push(told.copies);
    }
    assert_eq!(orders[&("stock", "Emma".to_owned())], [1, 2, 3, 4, 5]);
    assert_eq!(orders[&("advertise", "Emma".to_owned())], [1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_settled_when_the_application_stops_comes_again() {
    let broker = MemoryBroker::new("broker", 16);
    let there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    let here = publisher(&broker).await;
    here.publish(printed("slow", 1)).await.unwrap();
    until(|| there.app.consumers().next().unwrap().received() == 1).await;
    let stopped = there.app.stop(Duration::from_secs(1)).await;
    assert_eq!(stopped.left, 1);
    let mut next = Bookshop::open(&broker, ConsumePolicy::default()).await;
    next.desk.slow.add_permits(2);
    assert_eq!(next.hears(2).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_when_the_application_stops_is_finished() {
    let broker = MemoryBroker::new("broker", 16);
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    publisher(&broker).await.publish(printed("slow", 1)).await.unwrap();
    until(|| there.app.consumers().next().unwrap().received() == 1).await;
    let desk = Arc::clone(&there.desk);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        desk.slow.add_permits(2);
    });
    assert_eq!(there.app.stop(Duration::from_secs(1)).await.left, 0);
    assert_eq!(there.hears(2).await.len(), 2);
    until(|| broker.depth("bookshop") == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_broker_is_subscribed_to_again_and_health_says_so() {
    let broker = MemoryBroker::new("broker", 16);
    let late = RelayPolicy { late: Duration::from_secs(5), ..RelayPolicy::default() };
    let mut there = Bookshop::with(&broker, App::builder().relay(late)).await;
    let consumer = there.app.consumers().next().unwrap();
    until(|| consumer.state() == ConsumerState::Consuming).await;
    broker.set_away(true);
    until(|| matches!(consumer.state(), ConsumerState::Connecting(Some(_)))).await;
    assert_eq!(there.app.health().await, Health::Ready, "not for a moment");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let health = there.app.health().await;
    assert!(matches!(&health, Health::Degraded(why) if why.contains("AW2020")), "{health}");
    broker.set_away(false);
    publisher(&broker).await.publish(printed("Emma", 1)).await.unwrap();
    assert_eq!(there.hears(2).await.len(), 2);
    assert_eq!(there.app.health().await, Health::Ready);
}

#[tokio::test(start_paused = true)]
async fn an_application_starts_without_its_broker_and_finds_it_later() {
    let broker = MemoryBroker::new("broker", 16);
    broker.set_away(true);
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    let store = MemoryStore::new();
    let here =
        App::builder().name("books").slices([press::SLICE]).store(store).transport(broker.clone()).build();
    let here = here.await.unwrap();
    for copies in 1..=20 {
        here.publish(printed(&copies.to_string(), copies)).await.unwrap();
    }
    // Longer than all attempts of a delivery: a broker that is away uses up none.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    broker.set_away(false);
    assert_eq!(there.hears(40).await.len(), 40);
    here.settled().await;
    assert!(here.depth().await.unwrap().iter().all(|depth| depth.dead == 0));
}

#[tokio::test(start_paused = true)]
async fn a_paused_consumer_leaves_everything_to_others() {
    let broker = MemoryBroker::new("broker", 64);
    let mut one = Bookshop::open(&broker, ConsumePolicy::default()).await;
    let consumer = one.app.consumers().next().unwrap();
    until(|| consumer.state() == ConsumerState::Consuming).await;
    consumer.pause();
    until(|| consumer.state() == ConsumerState::Paused).await;
    let here = publisher(&broker).await;
    here.publish(printed("Emma", 1)).await.unwrap();
    let mut other = Bookshop::open(&broker, ConsumePolicy::default()).await;
    assert_eq!(other.hears(2).await.len(), 2);
    other.app.stop(Duration::from_secs(1)).await;
    here.publish(printed("Emma", 2)).await.unwrap();
    assert_eq!((broker.depth("bookshop"), one.told.len()), (1, 0));
    consumer.resume();
    assert_eq!(one.hears(2).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_read_is_kept_and_the_rest_goes_on() {
    let broker = MemoryBroker::new("broker", 64);
    let policy = ConsumePolicy { max_size: 100, trusted: false, ..ConsumePolicy::default() };
    let mut there = Bookshop::open(&broker, policy).await;
    let whole = |body: String| anywise::Envelope::json("press.Printed", body).to_frame("/elsewhere");
    let (mut nameless, mut forged) = (whole("{}".into()), whole("{}".into()));
    nameless.attributes.insert("type", "press.Prinetd");
    forged.attributes.insert("awprincipal", "root");
    let unreadable = [
        ("AW1010", whole("{}".into())),
        ("AW1002", whole("{".into())),
        ("AW1001", whole(String::new())),
        ("AW2003", Frame::plain(None, "{}")),
        ("AW2005", nameless),
        ("AW2006", whole(format!("{{\"title\":\"{}\"}}", "x".repeat(100)))),
        ("AW2008", forged),
    ];
    for (_, frame) in &unreadable {
        broker.publish_frame("press.Printed", frame.clone()).await.unwrap();
    }
    broker.publish_frame("press.Printed", whole(r#"{"title":"Emma","copies":1}"#.into())).await.unwrap();
    assert_eq!(there.hears(2).await.len(), 2);
    until(|| broker.dead("bookshop").len() == unreadable.len()).await;
    let dead = broker.dead("bookshop");
    for (code, frame) in &unreadable {
        assert!(
            dead.iter().any(|(kept, reason)| kept == frame && reason.contains(code)),
            "{code} is not among {:?}",
            dead.iter().map(|(_, reason)| reason).collect::<Vec<_>>()
        );
    }
    let near = dead.iter().find(|(_, reason)| reason.contains("AW2005")).unwrap();
    assert!(near.1.contains("press.Printed"), "{}", near.1);
}

#[tokio::test(start_paused = true)]
async fn messages_of_others_are_ignored_if_it_is_said() {
    let broker = MemoryBroker::new("broker", 64);
    let policy = ConsumePolicy { unknown: Unknown::Ignore, ..ConsumePolicy::default() };
    let mut there = Bookshop::open(&broker, policy).await;
    let mut stranger = anywise::Envelope::json("press.Printed", "{}").to_frame("/elsewhere");
    stranger.attributes.insert("type", "warehouse.Moved");
    broker.publish_frame("press.Printed", stranger).await.unwrap();
    publisher(&broker).await.publish(printed("Emma", 1)).await.unwrap();
    assert_eq!(there.hears(2).await.len(), 2);
    until(|| broker.depth("bookshop") == 0).await;
    assert!(broker.dead("bookshop").is_empty());
}

#[tokio::test(start_paused = true)]
async fn plain_json_of_a_producer_that_knows_nothing_of_us_is_consumed() {
    let broker = MemoryBroker::new("broker", 64);
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    let frame = Frame::plain(None, r#"{"title":"Emma","copies":3}"#);
    broker.publish_foreign("press.Printed", "printer/17", frame).await.unwrap();
    assert_eq!(there.hears(2).await, [("advertise", "Emma".into(), 3), ("stock", "Emma".into(), 3)]);
}

#[tokio::test]
async fn an_answer_to_a_frame_is_the_handlers() {
    let broker = MemoryBroker::new("broker", 16);
    let here = publisher(&broker).await;
    let request = anywise::Envelope::json("press.Print", r#"{"title":"Emma"}"#).to_frame("/elsewhere");
    assert_eq!(here.answer(request).await.unwrap(), "null");
    let error = here.answer(anywise::Envelope::json("press.Burn", "{}").to_frame("/")).await.unwrap_err();
    assert_eq!(error.code(), "AW2005");
}

#[tokio::test(start_paused = true)]
async fn with_a_store_what_comes_twice_happens_once() {
    let (broker, store) = (MemoryBroker::new("broker", 64), Arc::new(MemoryStore::new()));
    let mut there = Bookshop::with(&broker, App::builder().store_arc(Arc::clone(&store) as _)).await;
    let frame = anywise::Envelope::json("press.Printed", r#"{"title":"Emma","copies":1}"#).to_frame("/press");
    for _ in 0..3 {
        broker.publish_frame("press.Printed", frame.clone()).await.unwrap();
    }
    assert_eq!(there.hears(2).await.len(), 2);
    until(|| broker.depth("bookshop") == 0).await;
    there.app.settled().await;
    assert!(there.told.is_empty());
    assert!(store.open_dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn with_a_store_what_nobody_can_read_is_a_dead_letter_that_can_be_mended() {
    let (broker, store) = (MemoryBroker::new("broker", 64), Arc::new(MemoryStore::new()));
    let mut there = Bookshop::with(&broker, App::builder().store_arc(Arc::clone(&store) as _)).await;
    let mut frame =
        anywise::Envelope::json("press.Printed", r#"{"title":"Emma","copies":1}"#).to_frame("/press");
    let id = frame.attribute("id").unwrap().to_owned();
    frame.attributes.insert("type", "press.Prinetd");
    frame.headers.insert("tenant", "acme");
    broker.publish_frame("press.Printed", frame.clone()).await.unwrap();
    broker.publish_frame("press.Printed", Frame::plain(None, "\u{1}")).await.unwrap();
    // Another body under an id that was used.
    let mut reused =
        anywise::Envelope::json("press.Printed", r#"{"title":"Ulysses","copies":1}"#).to_frame("/press");
    reused.attributes.insert("id", id.clone());
    let mut first = reused.clone();
    first.body = r#"{"title":"Hamlet","copies":1}"#.into();
    broker.publish_frame("press.Printed", first).await.unwrap();
    broker.publish_frame("press.Printed", reused).await.unwrap();
    assert_eq!(there.hears(2).await[0].1, "Hamlet");
    until(|| store.open_dead_letters().len() == 3).await;
    let dead = store.open_dead_letters();
    let find = |code: &str| {
        dead.iter().find(|letter| letter.reason.contains(code)).unwrap_or_else(|| panic!("{code}"))
    };
    for code in ["AW2003", "AW2005", "AW2009"] {
        assert_eq!(find(code).target, "source:broker/bookshop");
    }
    assert_eq!(find("AW2003").envelope.body, "\u{1}");
    let unknown = find("AW2005");
    assert_eq!((unknown.envelope.id.to_string(), unknown.envelope.headers.get("tenant")), (id, Some("acme")));
    // As it is it fails again; the one with the used id is handled under its new one.
    assert!(there.app.store().unwrap().replay(find("AW2009").id, None).await.unwrap());
    assert_eq!(there.hears(2).await[0].1, "Ulysses");
    assert!(there.app.store().unwrap().replay(find("AW2003").id, None).await.unwrap());
    until(|| store.open_dead_letters().len() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn without_an_inbox_a_listener_that_gives_up_leaves_a_dead_letter_of_its_own() {
    let (broker, store) = (MemoryBroker::new("broker", 64), Arc::new(MemoryStore::new()));
    let policy = ConsumePolicy { inbox: false, ..ConsumePolicy::default() };
    let builder = App::builder().consume_policy(policy).store_arc(Arc::clone(&store) as _);
    let mut there = Bookshop::with(&broker, builder).await;
    there.fails("stock", "Emma", 1, Kind::Conflict);
    publisher(&broker).await.publish(printed("Emma", 1)).await.unwrap();
    assert_eq!(there.hears(1).await, [("advertise", "Emma".into(), 1)]);
    until(|| store.open_dead_letters().len() == 1).await;
    let letter = store.open_dead_letters().remove(0);
    assert_eq!(letter.target, "behaviour::transports::shop::stock");
    assert!(broker.dead("bookshop").is_empty());
    assert!(there.app.store().unwrap().replay(letter.id, None).await.unwrap());
    assert_eq!(there.hears(1).await, [("stock", "Emma".into(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_leaves_a_store_is_numbered_by_its_key_and_what_comes_late_is_told() {
    use anywise::{Subscription, Transport as _};

    let broker = MemoryBroker::new("broker", 64);
    let wire = broker.subscribe(&Subscription::new("wire", ["press.Printed"])).await.unwrap();
    let mut there = Bookshop::open(&broker, ConsumePolicy::default()).await;
    let store = MemoryStore::new();
    let press = App::builder().name("press").slices([press::SLICE]).store(store).transport(broker.clone());
    let press = press.build().await.unwrap();
    for title in ["Emma", "Hamlet", "Emma", "Emma"] {
        press.send(press::Print { title: title.into() }).await.unwrap();
    }
    assert_eq!(there.hears(8).await.len(), 8);

    let mut frames = Vec::new();
    while frames.len() < 4 {
        frames.extend(wire.receive(4).await.unwrap().into_iter().map(|one| one.frame));
    }
    let numbers = |title| {
        let of_key = frames.iter().filter(move |frame| frame.attribute("partitionkey") == Some(title));
        of_key.map(|frame| frame.attribute("sequence").unwrap().parse::<u64>().unwrap()).collect::<Vec<_>>()
    };
    let emma = numbers("Emma");
    assert!(emma.len() == 3 && emma.is_sorted_by(|one, next| one < next), "{emma:?}");

    let consumer = there.app.consumers().next().unwrap();
    assert_eq!(consumer.out_of_order(), 0);
    let first = frames.iter().find(|frame| frame.attribute("partitionkey") == Some("Emma")).unwrap();
    broker.publish_frame("press.Printed", first.clone()).await.unwrap();
    assert_eq!(there.hears(2).await.len(), 2, "it is told, and nothing is lost by it");
    assert_eq!(consumer.out_of_order(), 1);
}
