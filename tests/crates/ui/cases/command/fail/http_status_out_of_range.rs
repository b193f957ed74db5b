use anywise::prelude::*;

#[command(http("POST /payments", status = 1000))]
pub struct Pay;

fn main() {}
