use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[handler(timeout = "5 seconds")]
async fn pay(_cmd: Pay) {}

fn main() {}
