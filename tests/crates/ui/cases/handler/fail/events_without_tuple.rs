use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[event]
pub struct Paid {
    pub amount: u64,
}

#[handler]
async fn pay(_cmd: Pay, _events: &mut Events<Paid>) {}

fn main() {}
