//! The size of an application does not slow its messages.

use anywise::__private::{
    Bound, BoxFuture, Command, Dep, FunctionEntry, Handle, Input, Luggage, Message, MessageMeta, Place,
    Request, RequestInput, Result, Scope, Single, Site, Slot, Wiring, call, pass, room,
};
use anywise::App;
use bench::{Ledger, Report, now, side};

const MOST: usize = 1_000;

/// One of a thousand commands, as `#[command(local)]` would make it.
struct Deposit<const N: usize> {
    account: u32,
    amount: u64,
    note: String,
}

impl<const N: usize> Deposit<N> {
    fn number(at: u32) -> Self {
        Self { account: at % 16, amount: u64::from(at), note: String::from("salary") }
    }
}

static SLOTS: [Slot; MOST] = [const { Slot::new() }; MOST];

impl<const N: usize> Message for Deposit<N> {
    #[expect(clippy::cast_possible_truncation, reason = "at most a thousand")]
    const META: &'static MessageMeta =
        &MessageMeta::command("Deposit", module_path!(), Site::new(file!(), N as u32));
    fn slot() -> &'static Slot {
        &SLOTS[N]
    }
}

impl<const N: usize> Input for Deposit<N> {
    type Shape = Single;
}

impl<const N: usize> Request for Deposit<N> {
    type Reply = u64;
}

impl<const N: usize> Command for Deposit<N> {}

#[expect(clippy::unused_async, reason = "a handler like the others")]
async fn deposit<const N: usize>(cmd: Deposit<N>, ledger: &Ledger) -> u64 {
    ledger.add(cmd.account, cmd.amount + cmd.note.len() as u64)
}

struct Handler<const N: usize>(Dep<Ledger>);

impl<const N: usize> Handle for Handler<N> {
    type Input = Deposit<N>;
    type Reply = u64;
    fn handle<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: Deposit<N>,
    ) -> BoxFuture<'a, Result<u64>> {
        let room = room();
        let mut scope = Scope::new(place, luggage);
        call(room, async move {
            if scope.is_guarded() {
                pass(&mut scope, &message).await?;
            }
            Ok(deposit(message, self.0.get()).await)
        })
    }
}

fn wire<const N: usize>(wiring: &mut Wiring<'_>) -> Option<Bound> {
    wiring.receives(<Deposit<N> as RequestInput>::MESSAGES);
    let ledger = wiring.needs::<Ledger>("ledger");
    Some(Bound::handler(Handler::<N>(ledger?), <Deposit<N> as RequestInput>::waits))
}

macro_rules! wires {
    ($($hundreds:literal)*) => { [$(wires!(@ten $hundreds; 0 1 2 3 4 5 6 7 8 9)),*] };
    (@ten $hundreds:literal; $($tens:literal)*) => { [$(wires!(@one $hundreds $tens; 0 1 2 3 4 5 6 7 8 9)),*] };
    (@one $hundreds:literal $tens:literal; $($ones:literal)*) => {
        [$(FunctionEntry::handler(
            concat!("deposit_", $hundreds, $tens, $ones),
            module_path!(),
            Site::new(file!(), line!()),
            wire::<{ $hundreds * 100 + $tens * 10 + $ones }>,
        )),*]
    };
}

static ENTRIES: [[[FunctionEntry; 10]; 10]; 10] = wires!(0 1 2 3 4 5 6 7 8 9);

/// An application of the first `size` handlers.
fn sized(size: usize) -> App {
    let entries = ENTRIES.iter().flatten().flatten().take(size);
    // No slices: what is registered by hand is all there is.
    let builder = App::builder().slices([]).register(entries).provide(Ledger::default());
    now(builder.build()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn figures(report: &Report) {
    let (small, large) = (sized(10), sized(MOST));
    report.duel(
        "send, app of 1000 handlers / app of 10",
        1.05,
        1,
        side!(Deposit::<5>::number, |message| large.send(message).await),
        side!(Deposit::<5>::number, |message| small.send(message).await),
    );
}
