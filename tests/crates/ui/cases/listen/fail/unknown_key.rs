use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[listen(order = 3)]
async fn on_paid(_event: &Paid) {}

fn main() {}
