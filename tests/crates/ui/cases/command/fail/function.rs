use anywise::prelude::*;

#[command]
fn pay() {}

fn main() {}
