/// Charge a customer.
///
/// Twice is refused.
#[command]
pub struct Charge {
    pub order_id: OrderId,
}
