use anywise::prelude::*;

#[command(http = "POST /payments/{id}")]
pub struct Pay {
    pub order_id: u64,
}

fn main() {}
