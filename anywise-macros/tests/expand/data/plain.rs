#[data]
#[derive(Clone)]
pub struct Receipt {
    pub payment_id: PaymentId,
}
