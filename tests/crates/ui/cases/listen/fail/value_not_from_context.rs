use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[listen]
async fn on_paid(_event: &Paid, _amount: u64) {}

fn main() {}
