#[listen]
async fn on_settled(event: &PaymentSettled) {
    body()
}
