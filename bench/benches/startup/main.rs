//! What it costs to start: `build` of applications of growing size.
//!
//! The functions are registered by hand, because ten thousand of them through
//! the attributes would take minutes to compile; from there on the way is the
//! same: signatures are read, checked and bound, and the table is filled.

use std::time::{Duration, Instant};

use anywise::__private::{
    Bound, Command, Dep, Event, EventInput, FromContext, FunctionEntry, HandleNow, Input, IntoReply,
    ListenNow, Message, MessageMeta, Request, RequestInput, Scope, Single, Site, Slot, TypeInfo, Wiring,
};
use anywise::{App, Context, Result};
use bench::{Ledger, now};

const MESSAGES: usize = 1_000;
const LISTENERS: usize = 9;
const ROUNDS: usize = 21;

struct Ask<const N: usize>;
struct Told<const N: usize>;

static ASKS: [Slot; MESSAGES] = [const { Slot::new() }; MESSAGES];
static TELLS: [Slot; MESSAGES] = [const { Slot::new() }; MESSAGES];

macro_rules! message {
    ($name:ident, $meta:ident, $slots:ident) => {
        impl<const N: usize> Message for $name<N> {
            #[expect(clippy::cast_possible_truncation, reason = "at most a thousand")]
            const META: &'static MessageMeta =
                &MessageMeta::$meta(stringify!($name), module_path!(), Site::new(file!(), N as u32));
            fn slot() -> &'static Slot {
                &$slots[N]
            }
        }
        impl<const N: usize> Input for $name<N> {
            type Shape = Single;
        }
    };
}

message!(Ask, command, ASKS);
message!(Told, event, TELLS);

impl<const N: usize> Request for Ask<N> {
    type Reply = u64;
}
impl<const N: usize> Command for Ask<N> {}
impl<const N: usize> Event for Told<N> {}

struct Answers<const N: usize>(Dep<Ledger>);

impl<const N: usize> HandleNow for Answers<N> {
    type Input = Ask<N>;
    type Reply = u64;
    fn handle(&self, _: &mut Scope<'_>, _: Ask<N>) -> Result<u64> {
        Ok(self.0.get().add(0, 1))
    }
}

struct Hears<const N: usize>(Dep<Ledger>);

impl<const N: usize> ListenNow for Hears<N> {
    type Input = Told<N>;
    fn listen(&self, _: &mut Scope<'_>, _: &Told<N>) -> Result<()> {
        self.0.get().add(0, 1);
        Ok(())
    }
}

/// As `#[handler]` writes it for a value and a dependency.
fn answers<const N: usize>(wiring: &mut Wiring<'_>) -> Option<Bound> {
    wiring.receives(<Ask<N> as RequestInput>::MESSAGES);
    wiring.takes("cx", TypeInfo::of::<Context>, <Context as FromContext>::demand);
    let ledger = wiring.needs::<Ledger>("ledger");
    wiring.fails(<u64 as IntoReply<u64>>::DECLARED);
    Some(Bound::handler_now(Answers::<N>(ledger?), <Ask<N> as RequestInput>::now))
}

/// As `#[listen]` writes it.
fn hears<const N: usize>(wiring: &mut Wiring<'_>) -> Option<Bound> {
    wiring.receives(<Told<N> as EventInput>::MESSAGES);
    wiring.takes("cx", TypeInfo::of::<Context>, <Context as FromContext>::demand);
    let ledger = wiring.needs::<Ledger>("ledger");
    Some(Bound::listener_now(Hears::<N>(ledger?), <Told<N> as EventInput>::install))
}

type Wire = fn(&mut Wiring<'_>) -> Option<Bound>;

macro_rules! wires {
    ($into:ident; $($hundreds:literal)*) => { $(wires!(@ten $into $hundreds; 0 1 2 3 4 5 6 7 8 9);)* };
    (@ten $into:ident $hundreds:literal; $($tens:literal)*) => {
        $(wires!(@one $into $hundreds $tens; 0 1 2 3 4 5 6 7 8 9);)*
    };
    (@one $into:ident $hundreds:literal $tens:literal; $($ones:literal)*) => {
        $($into.push((
            answers::<{ $hundreds * 100 + $tens * 10 + $ones }> as Wire,
            hears::<{ $hundreds * 100 + $tens * 10 + $ones }> as Wire,
        ));)*
    };
}

/// A handler and nine listeners for each of a thousand messages.
fn entries() -> &'static [FunctionEntry] {
    let mut wires: Vec<(Wire, Wire)> = Vec::new();
    wires!(wires; 0 1 2 3 4 5 6 7 8 9);
    let mut entries = Vec::new();
    for (n, (answers, hears)) in wires.into_iter().enumerate() {
        let site = Site::new(file!(), line!());
        entries.push(FunctionEntry::handler(format!("answers_{n}").leak(), module_path!(), site, answers));
        for at in 0..LISTENERS {
            entries.push(FunctionEntry::listener(
                format!("hears_{n}_{at}").leak(),
                module_path!(),
                site,
                hears,
            ));
        }
    }
    entries.leak()
}

fn build(entries: &'static [FunctionEntry]) -> Duration {
    let began = Instant::now();
    // No slice is named: the functions are registered by hand.
    let builder = App::builder().slices([]).register(entries).provide(Ledger::default());
    let app = now(builder.build()).unwrap_or_else(|error| panic!("{error}"));
    let took = began.elapsed();
    drop(app);
    took
}

fn main() {
    let entries = entries();
    println!("{:>9} {:>12} {:>16}", "functions", "median ms", "µs a function");
    for size in [25, 1_000, 2_000, 5_000, 10_000] {
        let mut rounds: Vec<_> = (0..ROUNDS).map(|_| build(&entries[..size])).collect();
        rounds.sort();
        let median = rounds[ROUNDS / 2].as_secs_f64();
        let each = median * 1e6 / f64::from(u32::try_from(size).expect("it is small"));
        println!("{size:>9} {:>12.3} {each:>16.3}", median * 1e3);
    }
}
