use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Gateway;

#[handler]
async fn pay(_gateway: &Gateway, _cmd: Pay) {}

fn main() {}
