use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[handler(timeout = "5s", concurrency = 8, timeout = "6s")]
async fn pay(_cmd: Pay) {}

fn main() {}
