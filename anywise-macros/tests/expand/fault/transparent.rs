#[derive(Debug, Fault)]
pub enum PaymentError {
    #[fault(kind = conflict, code = "payment.twice", message = "paid twice")]
    Twice,
    #[fault(transparent)]
    Store(sqlx::Error),
    #[fault(transparent)]
    Wire { source: io::Error },
}
