use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[event]
pub struct Settled;

#[listen]
async fn on_paid(_event: &Paid) -> Settled {
    Settled
}

fn main() {}
