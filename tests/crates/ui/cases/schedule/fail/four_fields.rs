use anywise::prelude::*;

#[schedule("0 3 * *")]
async fn nightly(_: Tick) {}

fn main() {}
