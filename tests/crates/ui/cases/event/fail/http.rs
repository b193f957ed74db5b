use anywise::prelude::*;

#[event(http = "POST /paid")]
pub struct Paid;

fn main() {}
