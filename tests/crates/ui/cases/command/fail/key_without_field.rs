use anywise::prelude::*;

#[command(key = oder_id)]
pub struct Pay {
    pub order_id: u64,
    pub amount: u64,
}

fn main() {}
