#[listen]
fn on_settled(event: &PaymentSettled, events: &mut Events<(OrderConfirmed,)>) {
    body()
}
