//! Transports that break a promise each, and the case that notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anywise::{
    BoxFuture, Envelope, Incoming, MemoryBroker, Outcome, Result, Sink, Source, Subscription, Tag, Topology,
    Transport, TransportTraits,
};
use anywise_conformance::{Harness, Place, Setting, cases};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    LosesSomeOfWhatIsPublished,
    PublishesTwice,
    ForgetsHeaders,
    CutsLongBodies,
    TakesWhatIsTooLarge,
    MixesGroups,
    HearsEverything,
    ForgetsWhatWaitsWhenAGroupChanges,
    ReceivesMoreThanWasAskedFor,
    LosesADroppedReceive,
    TurnsTheOrderRound,
    SettlesTheFirstInsteadOfTheOneThatWasMeant,
    BringsWhatIsSettledAgain,
    LosesWhatIsHeldWhenItCloses,
    TakesARetryForDone,
    RetriesAtOnce,
    RetriesTheDead,
    CountsNothing,
    SaysThatNothingWaits,
    WaitsWhileOthersAreStuck,
}

struct Double(Bug);

impl Harness for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn place(&self, _: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
        let room = if self.0 == Bug::WaitsWhileOthersAreStuck { 100 } else { 100_000 };
        let broken = Broken { bug: self.0, broker: MemoryBroker::new("double", room), sent: Arc::default() };
        Box::pin(async { Ok(Box::new(broken) as Box<dyn Place>) })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(2)
    }
}

#[derive(Clone)]
struct Broken {
    bug: Bug,
    broker: MemoryBroker,
    sent: Arc<AtomicUsize>,
}

impl Place for Broken {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Transport>>> {
        let transport = self.clone();
        Box::pin(async { Ok(Arc::new(transport) as Arc<dyn Transport>) })
    }
}

impl Broken {
    fn subscription(&self, subscription: &Subscription) -> Subscription {
        let mut changed = subscription.clone();
        match self.bug {
            Bug::MixesGroups => changed.group = "all".into(),
            Bug::HearsEverything => changed.events.extend(["suite.Ended".to_owned()]),
            _ => {}
        }
        changed
    }
}

impl Sink for Broken {
    fn name(&self) -> &'static str {
        "double"
    }

    fn send(&self, mut envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            match self.bug {
                Bug::LosesSomeOfWhatIsPublished if number % 7 == 3 => return Ok(()),
                Bug::PublishesTwice => self.broker.send(envelope.clone()).await?,
                Bug::ForgetsHeaders => envelope.headers = anywise::Headers::default(),
                Bug::CutsLongBodies => envelope.body.truncate(100_000),
                _ => {}
            }
            self.broker.send(envelope).await
        })
    }
}

impl Transport for Broken {
    fn traits(&self) -> TransportTraits {
        let mut traits = self.broker.traits();
        if self.bug == Bug::TakesWhatIsTooLarge {
            traits.max_size = Some(300_000);
        }
        traits
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        let mut changed = topology.clone();
        changed.subscriptions = topology.subscriptions.iter().map(|one| self.subscription(one)).collect();
        Box::pin(async move { self.broker.open(&changed).await })
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        Box::pin(async move {
            let changed = self.subscription(subscription);
            let source = self.broker.subscribe(&changed).await?;
            if self.bug == Bug::ForgetsWhatWaitsWhenAGroupChanges && changed.events.len() > 1 {
                while self.broker.depth(&changed.group) > 0 {
                    let all = source.receive(100).await?;
                    source.settle(all.iter().map(|one| (one.tag, Outcome::Skip)).collect()).await?;
                }
            }
            let source = BrokenSource { bug: self.bug, source, held: std::sync::Mutex::default() };
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }
}

struct BrokenSource {
    bug: Bug,
    source: Box<dyn Source>,
    held: std::sync::Mutex<Vec<Tag>>,
}

impl Source for BrokenSource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(async move {
            let most = if self.bug == Bug::ReceivesMoreThanWasAskedFor { most + 1 } else { most };
            let mut some = self.source.receive(most).await?;
            match self.bug {
                Bug::LosesADroppedReceive => tokio::time::sleep(Duration::from_micros(500)).await,
                Bug::TurnsTheOrderRound => some.reverse(),
                Bug::CountsNothing => some.iter_mut().for_each(|one| one.delivered = Some(1)),
                _ => {}
            }
            self.held.lock().unwrap().extend(some.iter().map(|one| one.tag));
            Ok(some)
        })
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut changed = Vec::new();
            for (tag, outcome) in settled {
                let tag = if self.bug == Bug::SettlesTheFirstInsteadOfTheOneThatWasMeant {
                    self.held.lock().unwrap().remove(0)
                } else {
                    self.held.lock().unwrap().retain(|held| *held != tag);
                    tag
                };
                let outcome = match (self.bug, outcome) {
                    (Bug::TakesARetryForDone, Outcome::Retry(_)) => Outcome::Done(None),
                    (Bug::BringsWhatIsSettledAgain, Outcome::Done(_))
                    | (Bug::RetriesAtOnce, Outcome::Retry(_))
                    | (Bug::RetriesTheDead, Outcome::DeadLetter(_)) => Outcome::Retry(Duration::ZERO),
                    (_, outcome) => outcome,
                };
                changed.push((tag, outcome));
            }
            self.source.settle(changed).await
        })
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        match self.bug {
            Bug::SaysThatNothingWaits => Box::pin(async { Ok(Some(0)) }),
            _ => self.source.lag(),
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.bug == Bug::LosesWhatIsHeldWhenItCloses {
                let held = std::mem::take(&mut *self.held.lock().unwrap());
                self.source.settle(held.into_iter().map(|tag| (tag, Outcome::Done(None))).collect()).await?;
            }
            self.source.close().await
        })
    }
}

/// The case notices what is wrong.
fn caught(bug: Bug, name: &str) {
    let case = cases().iter().find(|case| case.name == name).expect("there is such a case");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(anywise_conformance::run(&Double(bug), case))
    }));
    assert!(verdict.is_err(), "{bug:?} passes `{name}`: {verdict:?}");
}

macro_rules! caught {
    ($($test:ident: $bug:ident by $case:ident;)*) => {$(
        #[test]
        fn $test() {
            caught(Bug::$bug, stringify!($case));
        }
    )*};
}

caught! {
    loses_some: LosesSomeOfWhatIsPublished by fifty_publishers_lose_nothing;
    publishes_twice: PublishesTwice by an_event_reaches_its_group;
    forgets_headers: ForgetsHeaders by an_envelope_comes_back_as_it_went;
    cuts_long_bodies: CutsLongBodies by a_large_body_comes_back;
    takes_what_is_too_large: TakesWhatIsTooLarge by a_body_that_is_too_large_is_refused;
    mixes_groups: MixesGroups by each_group_gets_every_event;
    hears_everything: HearsEverything by a_group_gets_its_own_events_alone;
    forgets_what_waits: ForgetsWhatWaitsWhenAGroupChanges by a_group_that_hears_more_keeps_what_waits;
    receives_too_many: ReceivesMoreThanWasAskedFor by no_more_is_received_than_was_asked_for;
    loses_a_dropped_receive: LosesADroppedReceive by a_dropped_receive_loses_nothing;
    turns_the_order_round: TurnsTheOrderRound by events_of_a_key_come_in_order;
    settles_the_first: SettlesTheFirstInsteadOfTheOneThatWasMeant by settlements_come_in_any_order;
    settles_nothing: BringsWhatIsSettledAgain by what_is_settled_does_not_come_again;
    loses_what_is_held: LosesWhatIsHeldWhenItCloses by what_is_not_settled_comes_again;
    takes_a_retry_for_done: TakesARetryForDone by a_retry_comes_again;
    retries_at_once: RetriesAtOnce by a_retry_comes_after_its_time;
    retries_the_dead: RetriesTheDead by a_dead_letter_does_not_come_again;
    counts_nothing: CountsNothing by it_is_said_how_often_a_message_was_delivered;
    says_that_nothing_waits: SaysThatNothingWaits by lag_tells_what_waits;
    waits_for_others: WaitsWhileOthersAreStuck by a_group_that_is_stuck_holds_up_no_other;
}

#[test]
#[should_panic(expected = "declared as skipped, but it need not be")]
fn a_skip_that_is_not_needed_is_a_failure() {
    struct Modest;
    impl Harness for Modest {
        fn name(&self) -> &'static str {
            "modest"
        }
        fn place(&self, setting: Setting) -> BoxFuture<'_, Result<Box<dyn Place>>> {
            super::Memory.place(setting)
        }
        fn skips(&self) -> &'static [(&'static str, &'static str)] {
            &[("an_event_reaches_its_group", "it does not")]
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let case = cases().iter().find(|case| case.name == "an_event_reaches_its_group").unwrap();
    runtime.block_on(anywise_conformance::run(&Modest, case));
}
