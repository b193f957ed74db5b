//! What is counted: ours, and the bare things beside it.

use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anywise::prelude::*;
use bench::now;

anywise::slice!(SLICE = "instructions");

/// One thing that is counted.
pub(crate) struct Side {
    pub(crate) name: &'static str,
    /// The gate: instructions of one, at most. None for what is beside ours.
    pub(crate) most: Option<u64>,
    /// Runs it so many times.
    pub(crate) run: fn(u64),
}

/// The work of every function: no map, whose hashes differ from run to run.
#[derive(Default)]
struct Sum(AtomicU64);

impl Sum {
    fn add(&self, amount: u64) -> u64 {
        self.0.fetch_add(amount, Ordering::Relaxed)
    }
}

macro_rules! deposit {
    ($name:ident) => {
        #[command(local, reply = u64)]
        struct $name {
            amount: u64,
            note: String,
        }

        impl $name {
            fn number(amount: u64) -> Self {
                Self { amount, note: String::from("salary") }
            }

            fn worth(&self) -> u64 {
                self.amount + self.note.len() as u64
            }
        }
    };
}

deposit!(Waits);
deposit!(Now);
deposit!(Guarded);

#[handler]
async fn waits(cmd: Waits, sum: &Sum) -> Result<u64> {
    Ok(sum.add(cmd.worth()))
}

#[handler]
fn at_once(cmd: Now, sum: &Sum) -> Result<u64> {
    Ok(sum.add(cmd.worth()))
}

#[handler]
async fn guarded(cmd: Guarded, sum: &Sum) -> Result<u64> {
    Ok(sum.add(cmd.worth()))
}

macro_rules! guards {
    ($($name:ident)*) => {$(
        #[guard]
        async fn $name(cmd: &Guarded, _sum: &Sum) -> Result<()> {
            if cmd.amount < u64::MAX { Ok(()) } else { Err(Error::internal("too much")) }
        }
    )*};
}

guards!(first second third);

#[event(local)]
struct Deposited {
    amount: u64,
}

macro_rules! listeners {
    ($($name:ident)*) => {
        $(
            #[listen]
            async fn $name(event: &Deposited, sum: &Sum) -> Result<()> {
                sum.add(event.amount);
                Ok(())
            }
        )*

        fn hearers() -> Vec<Arc<dyn Hears>> {
            let sum = Arc::new(Sum::default());
            vec![$({
                struct Bare(Arc<Sum>);
                impl Hears for Bare {
                    fn hear<'a>(&'a self, event: &'a Deposited) -> Boxed<'a, ()> {
                        Box::pin($name(event, &self.0))
                    }
                }
                black_box(Arc::new(Bare(Arc::clone(&sum))))
            }),*]
        }
    };
}

listeners!(a b c d e f g h i j);

type Boxed<'a, R> = Pin<Box<dyn Future<Output = Result<R>> + Send + 'a>>;

/// The bare handler.
trait Calls: Send + Sync {
    fn call(&self, message: Waits) -> Boxed<'_, u64>;
}

impl Calls for Sum {
    fn call(&self, message: Waits) -> Boxed<'_, u64> {
        Box::pin(waits(message, self))
    }
}

/// The bare listener.
trait Hears: Send + Sync {
    fn hear<'a>(&'a self, event: &'a Deposited) -> Boxed<'a, ()>;
}

fn app() -> App {
    now(App::builder().slices([SLICE]).provide(Sum::default()).build())
        .unwrap_or_else(|error| panic!("{error}"))
}

macro_rules! each {
    ($times:expr, |$at:ident| $call:expr) => {
        now(async {
            for $at in 0..$times {
                let _ = black_box($call);
            }
        })
    };
}

pub(crate) const SIDES: &[Side] = &[
    Side { name: "send to an async handler", most: Some(500), run: sends },
    Side { name: "boxed virtual call", most: None, run: calls },
    Side { name: "send to a sync handler", most: Some(255), run: sends_now },
    Side { name: "direct call", most: None, run: calls_now },
    Side { name: "send through 3 async before-guards", most: Some(1_070), run: sends_guarded },
    Side { name: "publish to 10 listeners", most: Some(3_130), run: publishes },
    Side { name: "10 boxed virtual calls", most: None, run: hears },
];

fn sends(times: u64) {
    let app = app();
    each!(times, |at| app.send(black_box(Waits::number(at))).await);
}

fn calls(times: u64) {
    let _app = app();
    let bare: Arc<dyn Calls> = black_box(Arc::new(Sum::default()));
    each!(times, |at| bare.call(black_box(Waits::number(at))).await);
}

fn sends_now(times: u64) {
    let app = app();
    each!(times, |at| app.send(black_box(Now::number(at))).await);
}

fn calls_now(times: u64) {
    let _app = app();
    let sum = black_box(Sum::default());
    each!(times, |at| at_once(black_box(Now::number(at)), &sum));
}

fn sends_guarded(times: u64) {
    let app = app();
    each!(times, |at| app.send(black_box(Guarded::number(at))).await);
}

fn publishes(times: u64) {
    let app = app();
    each!(times, |at| app.publish(black_box(Deposited { amount: at })).await);
}

fn hears(times: u64) {
    let _app = app();
    let bare = hearers();
    each!(times, |at| {
        let event = black_box(Deposited { amount: at });
        let mut all = Ok(());
        for listener in &bare {
            let heard = listener.hear(&event).await;
            all = all.and(heard);
        }
        all
    });
}
