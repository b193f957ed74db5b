#[listen(concurrency = 1)]
async fn on_settled(event: &PaymentSettled, tx: &mut Tx<Sqlite>) -> Result<ConfirmOrder> {
    body()
}
