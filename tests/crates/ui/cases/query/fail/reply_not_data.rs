use anywise::prelude::*;

pub struct Amount(pub u64);

#[query(reply = Amount)]
pub struct Balance;

fn main() {}
