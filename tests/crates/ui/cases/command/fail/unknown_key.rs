use anywise::prelude::*;

#[command(response = u64)]
pub struct Count;

fn main() {}
