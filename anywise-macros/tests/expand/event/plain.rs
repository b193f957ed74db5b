/// Money has moved.
#[event(key = order_id)]
pub struct PaymentSettled {
    pub order_id: OrderId,
}
