use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[query(reply = u64)]
pub struct Balance;

#[handler]
async fn balance(_query: Balance, _events: &mut Events<(Paid,)>) -> u64 {
    0
}

fn main() {}
