use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub trait Gateway: Send + Sync {}

#[handler]
async fn pay(_cmd: Pay, _gateway: &impl Gateway) {}

fn main() {}
