#[listen]
fn on_settled(event: PaymentSettled) -> Option<ConfirmOrder> {
    body()
}
