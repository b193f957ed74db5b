//! `#[one_of]`: one function for several messages.

use std::sync::atomic::{AtomicI64, Ordering};

use anywise::prelude::*;

anywise::slice!(SLICE = "till", "Counts money.");

/// Put money in.
#[command(reply = i64)]
struct PutIn {
    cents: u32,
}

/// Take money out.
#[command(reply = i64)]
struct TakeOut {
    cents: u32,
}

/// What moves money. Each variant holds one message; all have the same reply.
#[one_of]
enum Move {
    In(PutIn),
    Out(TakeOut),
}

/// The till was opened.
#[event]
#[derive(Clone)]
struct Opened;

/// The till was closed.
#[event]
#[derive(Clone)]
struct Closed;

/// Listeners and guards see a copy, so these messages are `Clone`.
#[one_of]
enum Shift {
    Opened(Opened),
    Closed(Closed),
}

#[handler]
fn moved(cmd: Move, balance: &AtomicI64) -> i64 {
    let change = match cmd {
        Move::In(cmd) => i64::from(cmd.cents),
        Move::Out(cmd) => -i64::from(cmd.cents),
    };
    balance.fetch_add(change, Ordering::SeqCst) + change
}

#[listen]
fn shift(event: &Shift) {
    match event {
        Shift::Opened(_) => println!("good morning"),
        Shift::Closed(_) => println!("good night"),
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().slices([SLICE]).provide(AtomicI64::new(0)).build().await?;
    // Messages are sent as themselves; that they share a function is nobody's business.
    app.publish(Opened).await?;
    assert_eq!(app.send(PutIn { cents: 500 }).await?, 500);
    assert_eq!(app.send(TakeOut { cents: 120 }).await?, 380);
    app.publish(Closed).await?;
    assert!(app.handles("till.PutIn") && app.handles("till.TakeOut"));
    Ok(())
}
