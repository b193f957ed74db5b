use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[handler(timeuot = "5s")]
async fn pay(_cmd: Pay) {}

fn main() {}
