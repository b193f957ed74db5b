//! The size of an application does not slow its messages.

use anywise::__private::{
    Bound, Call, Command, Dep, FunctionEntry, Handle, Input, IntoReply, Message, MessageMeta, Request,
    RequestInput, Scope, Single, Site, Slot, Wiring,
};
use anywise::App;
use bench::{Duel, Ledger, Outcome, now, side};

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

async fn deposit<const N: usize>(cmd: Deposit<N>, ledger: &Ledger) -> u64 {
    ledger.add(cmd.account, cmd.amount + cmd.note.len() as u64)
}

struct Handler<const N: usize>(Dep<Ledger>);

impl<const N: usize> Handle for Handler<N> {
    type Input = Deposit<N>;
    type Reply = u64;
    fn handle<'a>(&'a self, _: Scope<'a>, message: Deposit<N>) -> Call<'a, u64> {
        Call::future(async move { <u64 as IntoReply<u64>>::into_reply(deposit(message, self.0.get()).await) })
    }
}

fn wire<const N: usize>(wiring: &mut Wiring<'_>) -> Option<Bound> {
    wiring.receives(<Deposit<N> as RequestInput>::messages);
    let ledger = wiring.needs::<Ledger>("ledger");
    wiring.fails(<u64 as IntoReply<u64>>::DECLARED);
    Some(Bound::handler(Handler::<N>(ledger?), <Deposit<N> as RequestInput>::install))
}

macro_rules! wires {
    ($into:ident; $($hundreds:literal)*) => { $(wires!(@ten $into $hundreds; 0 1 2 3 4 5 6 7 8 9);)* };
    (@ten $into:ident $hundreds:literal; $($tens:literal)*) => { $(wires!(@one $into $hundreds $tens; 0 1 2 3 4 5 6 7 8 9);)* };
    (@one $into:ident $hundreds:literal $tens:literal; $($ones:literal)*) => {
        $($into.push(FunctionEntry::handler(
            concat!("deposit_", $hundreds, $tens, $ones),
            module_path!(),
            Site::new(file!(), line!()),
            wire::<{ $hundreds * 100 + $tens * 10 + $ones }>,
        ));)*
    };
}

/// An application of the first `size` handlers.
fn sized(entries: &'static [FunctionEntry], size: usize) -> App {
    // No slice is named `none`: the handlers are registered by hand.
    let builder = App::builder().slices([]).register(&entries[..size]).provide(Ledger::default());
    now(builder.build()).unwrap_or_else(|error| panic!("{error}"))
}

pub fn figures(report: &mut dyn FnMut(Outcome)) {
    let mut entries = Vec::with_capacity(MOST);
    wires!(entries; 0 1 2 3 4 5 6 7 8 9);
    let entries: &'static [FunctionEntry] = entries.leak();
    let (small, large) = (sized(entries, 10), sized(entries, MOST));
    report(Duel { figure: "send, app of 1000 handlers / app of 10", bar: 1.05, per_call: 1 }.run(
        side!(Deposit::<5>::number, |message| large.send(message).await),
        side!(Deposit::<5>::number, |message| small.send(message).await),
    ));
}
