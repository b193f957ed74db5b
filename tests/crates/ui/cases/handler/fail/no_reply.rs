use anywise::prelude::*;

#[command(reply = u64)]
pub struct Count;

#[handler]
async fn count(_cmd: Count) {}

fn main() {}
