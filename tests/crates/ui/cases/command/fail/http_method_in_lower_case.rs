use anywise::prelude::*;

#[command(http = "post /payments")]
pub struct Pay;

fn main() {}
