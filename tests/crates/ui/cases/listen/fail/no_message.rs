use anywise::prelude::*;

#[listen]
async fn on_paid() {}

fn main() {}
