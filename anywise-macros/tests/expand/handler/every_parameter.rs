/// Charge a customer.
#[handler(timeout = "5s", concurrency = 8)]
async fn create_payment(
    cmd: CreatePayment,
    user: Provided<User>,
    gateway: &dyn Gateway,
    tx: &mut Tx<Sqlite>,
    events: &mut Events<(PaymentSettled, PaymentDeclined)>,
) -> Result<Receipt, PaymentError> {
    body()
}
