use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub trait Gateway: Send + Sync {}

#[handler(retries = 3, timeout = "0s")]
async fn pay(_cmd: &mut Pay, _gateway: &impl Gateway) {}

fn main() {}
