use anywise::prelude::*;

#[schedule]
async fn nightly(_: Tick) {}

fn main() {}
