use anywise::prelude::*;

#[event(reply = u64)]
pub struct Paid;

fn main() {}
