use anywise::prelude::*;

#[command(http = "POST payments")]
pub struct Pay;

fn main() {}
