use anywise::prelude::*;

#[data]
pub struct OrderId(pub u64);

#[command(key = order_id)]
pub struct Pay {
    pub order_id: OrderId,
}

fn main() {}
