use anywise::prelude::*;

#[command(name = "payment..Pay")]
pub struct Pay;

fn main() {}
