#[command(crate = ::framework)]
pub struct Charge {
    pub order_id: OrderId,
}
