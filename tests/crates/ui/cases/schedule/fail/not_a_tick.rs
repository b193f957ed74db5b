use anywise::prelude::*;

#[event]
struct Happened {
    id: u32,
}

#[schedule("0 3 * * *")]
async fn nightly(_: &Happened) {}

fn main() {}
