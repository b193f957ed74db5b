#[command(
    reply = Receipt,
    name = "payment.Charge",
    version = 2,
    aliases("payment.Pay", "billing.Charge"),
    key = order_id,
    family(Money, audit::Audited),
    http("POST /payments/{order_id}", status = 201, location = "/payments/{payment_id}"),
)]
pub struct Charge {
    pub order_id: OrderId,
}
