use anywise::prelude::*;

#[command(http = "POST /payments/order-{id}")]
pub struct Pay {
    pub id: u64,
}

fn main() {}
