use anywise::prelude::*;

#[event]
struct Closed {
    day: String,
}

struct Books;

#[schedule("0 3 * * 1-5", timeout = "1m", concurrency = 1)]
async fn nightly(tick: &Tick, cx: Context, _: &Books, events: &mut Events<(Closed,)>) -> Result<()> {
    events.publish(Closed { day: format!("{} {}", tick.due(), cx.name()) });
    Ok(())
}

#[schedule("@daily")]
fn daily(_: Tick) {}

fn main() {}
