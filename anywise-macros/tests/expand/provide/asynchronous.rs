#[provide]
async fn gateway(config: &PaymentConfig, client: &Client) -> Result<Box<dyn Gateway>> {
    body()
}
