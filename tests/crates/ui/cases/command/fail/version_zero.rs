use anywise::prelude::*;

#[command(version = 0)]
pub struct Pay;

fn main() {}
