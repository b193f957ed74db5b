use anywise::prelude::*;

#[command(replay = u64)]
pub struct Count;

fn main() {}
