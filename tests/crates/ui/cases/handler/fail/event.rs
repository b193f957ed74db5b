use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[handler]
async fn on_paid(_event: Paid) {}

fn main() {}
