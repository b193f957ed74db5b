#[one_of]
pub enum Moved {
    Settled(PaymentSettled),
    Refunded(payment::PaymentRefunded),
}
