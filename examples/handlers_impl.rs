//! `#[handlers]`: methods of a type, which is itself the dependency.

use std::sync::atomic::{AtomicU64, Ordering};

use anywise::prelude::*;

anywise::slice!(SLICE = "tickets", "Hands out numbers.");

/// Draw a number.
#[command(reply = u64)]
struct Draw;

/// A number was drawn.
#[event]
struct Drawn {
    number: u64,
}

/// The machine at the door.
struct Machine {
    next: AtomicU64,
    most: u64,
}

#[handlers]
impl Machine {
    /// A plain function of the type; the attribute leaves it alone.
    fn new(most: u64) -> Self {
        Self { next: AtomicU64::new(1), most }
    }

    #[guard]
    fn has_numbers(&self, _: &Draw) -> Result<()> {
        if self.next.load(Ordering::SeqCst) > self.most {
            return Err(Error::new(Kind::Conflict, "tickets.none_left", "the roll is empty"));
        }
        Ok(())
    }

    #[handler]
    fn draw(&self, _: Draw, events: &mut Events<(Drawn,)>) -> u64 {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        events.publish(Drawn { number });
        number
    }

    #[listen]
    fn announce(&self, event: &Drawn) {
        println!("number {} of {}", event.number, self.most);
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().slices([SLICE]).provide(Machine::new(2)).build().await?;
    assert_eq!(app.send(Draw).await?, 1);
    assert_eq!(app.send(Draw).await?, 2);
    assert_eq!(app.send(Draw).await.expect_err("two numbers are drawn").code(), "tickets.none_left");
    app.settled().await;
    Ok(())
}
