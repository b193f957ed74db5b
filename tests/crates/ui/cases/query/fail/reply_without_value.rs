use anywise::prelude::*;

#[query(reply)]
pub struct Balance;

fn main() {}
