//! A server that crashes, hangs, or comes back.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anywise::prelude::*;
use anywise::{Envelope, Outcome, Sink as _, Subscription, Topology, Transport as _};
use anywise_nats::Nats;
use anywise_servers::NatsServer;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

mod press {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "press", "Prints.");

    #[event]
    pub(super) struct Printed {
        pub(super) number: u32,
    }

    #[command]
    struct Print {
        number: u32,
    }

    #[handler]
    async fn print(cmd: Print, events: &mut Events<(Printed,)>) {
        events.publish(Printed { number: cmd.number });
    }
}

mod shelf {
    use super::Heard;
    use super::press::Printed;
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "shelf", "Keeps.");

    #[listen]
    fn keep(event: &Printed, heard: &Heard) {
        heard.0.send_modify(|heard| {
            heard.insert(event.number);
        });
    }
}

struct Heard(watch::Sender<HashSet<u32>>);

impl Heard {
    async fn reaches(&self, count: usize) {
        let mut heard = self.0.subscribe();
        let patience = Duration::from_secs(120);
        let reached = timeout(patience, heard.wait_for(|heard| heard.len() >= count)).await;
        assert!(reached.is_ok(), "only {} of {count} were heard", self.0.borrow().len());
    }
}

async fn app(own: &NatsServer, slice: anywise::Slice, heard: &Arc<Heard>) -> App {
    let nats = Nats::new(own.url()).ack_wait(Duration::from_secs(5));
    let builder = App::builder().name("outages").slices([slice]).provide_arc(Arc::clone(heard));
    builder.transport(nats).build().await.unwrap()
}

/// Publishes numbers, as often as it takes.
async fn publish(app: &App, numbers: std::ops::Range<u32>) {
    for number in numbers {
        while let Err(error) = app.publish(press::Printed { number }).await {
            let text = error.to_string();
            assert!(text.contains("AW2020"), "{text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_outlive_three_crashes() {
    const COUNT: u32 = 10_000;
    let Some(own) = NatsServer::start(&[]) else { return };
    let heard = Arc::new(Heard(watch::channel(HashSet::new()).0));
    let there = app(&own, shelf::SLICE, &heard).await;
    let here = app(&own, press::SLICE, &heard).await;
    let publishing = futures_util::future::join_all((0..50).map(|at| {
        let each = COUNT / 50;
        publish(&here, at * each..(at + 1) * each)
    }));
    let crashing = async {
        for part in [1_500, 4_000, 7_000] {
            heard.reaches(part).await;
            own.kill();
            own.resume().unwrap();
        }
    };
    tokio::join!(publishing, crashing);
    heard.reaches(COUNT as usize).await;
    assert_eq!(*heard.0.borrow(), (0..COUNT).collect::<HashSet<_>>());
    there.stop(Duration::from_secs(10)).await;
}

/// Sends an event, as often as it takes.
async fn send(nats: &Nats, event: &Envelope) {
    while nats.send(event.clone()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn topology() -> Topology {
    let mut topology = Topology::of("outages");
    topology.subscriptions = vec![Subscription::new("shelf", ["press.Printed"])];
    topology
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_outlives_a_restart_of_the_server() {
    let Some(own) = NatsServer::start(&[]) else { return };
    let nats = Nats::new(own.url()).ack_wait(Duration::from_secs(2));
    nats.open(&topology()).await.unwrap();
    let source = nats.subscribe(&topology().subscriptions[0]).await.unwrap();
    let (first, second) = (Envelope::json("press.Printed", "{}"), Envelope::json("press.Printed", "{}"));
    nats.send(first.clone()).await.unwrap();
    let came = source.receive(5).await.unwrap();
    own.kill();
    own.resume().unwrap();
    // The server may have forgotten that it delivered it: then it takes no
    // settlement, says nothing, and brings it again.
    let settled = source.settle(vec![(came[0].tag, Outcome::Done(None))]).await;
    send(&nats, &second).await;
    let mut expected: HashSet<_> =
        if settled.is_ok() { [second.id].into() } else { [first.id, second.id].into() };
    while !expected.is_empty() {
        let came = timeout(Duration::from_secs(60), source.receive(5)).await.expect("it goes on").unwrap();
        for one in came {
            let id = one.frame.attribute("id").unwrap().parse().unwrap();
            assert!(expected.remove(&id), "what was settled does not come again");
            source.settle(vec![(one.tag, Outcome::Done(None))]).await.unwrap();
        }
    }
}

/// The server forgets whom it had pinned when it ends, and gives the next process
/// what is new; what the one before held comes when its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_held_that_ended_with_the_server_comes_before_what_is_newer() {
    const HELD: usize = 3;
    let Some(own) = NatsServer::start(&[]) else { return };
    let nats = || Nats::new(own.url()).ordered().replay().ack_wait(Duration::from_secs(2));
    let (gone, next) = (nats(), nats());
    gone.open(&topology()).await.unwrap();
    let events: Vec<_> = (0..100).map(|_| Envelope::json("press.Printed", "{}")).collect();
    for event in &events[..HELD] {
        gone.send(event.clone()).await.unwrap();
    }
    let source = gone.subscribe(&topology().subscriptions[0]).await.unwrap();
    let mut held = 0;
    while held < HELD {
        held += source.receive(HELD).await.unwrap().len();
    }
    // It writes down what it has delivered.
    own.stop();
    own.resume().unwrap();

    // Others come all the time, also while those are waited for.
    let publish = async {
        for event in &events[HELD..] {
            send(&next, event).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let receive = async {
        let other = next.subscribe(&topology().subscriptions[0]).await.unwrap();
        let mut came: Vec<String> = Vec::new();
        while came.len() < events.len() {
            let some =
                timeout(Duration::from_secs(30), other.receive(256)).await.expect("it goes on").unwrap();
            // What waited for the others may come twice: its time was over as well.
            let ids: Vec<_> = some.iter().map(|one| one.frame.attribute("id").unwrap().to_owned()).collect();
            came.extend(ids.into_iter().filter(|id| !came.contains(id)).collect::<Vec<_>>());
            let done = some.into_iter().map(|one| (one.tag, Outcome::Done(None)));
            other.settle(done.collect()).await.unwrap();
        }
        came
    };
    let ((), came) = tokio::join!(publish, receive);
    assert_eq!(came, events.iter().map(|event| event.id.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_noticed_in_seconds() {
    let Some(own) = NatsServer::start(&[]) else { return };
    let nats = Nats::new(own.url()).timeout(Duration::from_secs(2));
    nats.open(&topology()).await.unwrap();
    let source = nats.subscribe(&topology().subscriptions[0]).await.unwrap();
    own.signal("STOP");
    let began = Instant::now();
    let lost = timeout(Duration::from_secs(20), source.receive(5)).await.expect("it is noticed");
    assert_eq!(lost.unwrap_err().code(), "AW2020");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let error = nats.send(Envelope::json("press.Printed", "{}")).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("AW2020", Kind::Unavailable));
    own.signal("CONT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_vanishes_ends_the_source() {
    let Some(own) = NatsServer::start(&[]) else { return };
    let nats = Nats::new(own.url());
    nats.open(&topology()).await.unwrap();
    let source = nats.subscribe(&topology().subscriptions[0]).await.unwrap();
    let waiting = tokio::spawn(async move { source.receive(5).await.map(|came| came.len()) });
    let jetstream = async_nats::jetstream::new(async_nats::connect(own.url()).await.unwrap());
    let stream = jetstream.get_stream("ANYWISE").await.unwrap();
    // It is deleted once it is pulled from.
    while stream.consumer_info("shelf").await.unwrap().num_waiting == 0 {
        tokio::task::yield_now().await;
    }
    stream.delete_consumer("shelf").await.unwrap();
    let lost = timeout(Duration::from_secs(10), waiting).await.expect("it is noticed").unwrap();
    assert_eq!(lost.unwrap_err().code(), "AW2020");
    // Subscribing again declares it again.
    nats.subscribe(&topology().subscriptions[0]).await.unwrap();
    assert!(stream.consumer_info("shelf").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_vanishes_is_declared_again_by_who_publishes() {
    let Some(own) = NatsServer::start(&[]) else { return };
    let nats = Nats::new(own.url());
    nats.open(&topology()).await.unwrap();
    let jetstream = async_nats::jetstream::new(async_nats::connect(own.url()).await.unwrap());
    jetstream.delete_stream("ANYWISE").await.unwrap();
    nats.send(Envelope::json("press.Printed", "{}")).await.unwrap();
    assert_eq!(jetstream.get_stream("ANYWISE").await.unwrap().cached_info().state.messages, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_drops_nothing_and_says_so() {
    let Some(own) = NatsServer::start(&[]) else { return };
    let nats = Nats::new(own.url()).max_bytes(20_000);
    nats.open(&topology()).await.unwrap();
    let event = || Envelope::json("press.Printed", format!("\"{}\"", "x".repeat(1_000)));
    let mut kept = 0;
    let error = loop {
        match nats.send(event()).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 100, "it is never full");
    };
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2020"), "{error}");
    assert!(error.to_string().contains("maximum bytes"), "{error}");
    let source = nats.subscribe(&topology().subscriptions[0]).await.unwrap();
    let mut came = 0;
    while came < kept {
        came += source.receive(100).await.unwrap().len();
    }
}
