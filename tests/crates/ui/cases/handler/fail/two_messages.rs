use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[command]
pub struct Refund;

#[handler]
async fn pay(_cmd: Pay, _refund: Refund) {}

fn main() {}
