use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[listen]
async fn on_pay(_cmd: &Pay) {}

fn main() {}
