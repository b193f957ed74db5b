use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Gateway;

#[handler]
async fn pay(_cmd: Pay, _gateway: &'static Gateway) {}

fn main() {}
