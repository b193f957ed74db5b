use anywise::prelude::*;

#[command(http = "/payments")]
pub struct Pay;

fn main() {}
