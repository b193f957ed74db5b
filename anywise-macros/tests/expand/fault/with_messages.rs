#[derive(Debug, Fault)]
#[fault(kind = declined)]
pub enum PaymentError {
    #[fault(code = "payment.declined", message = "card was declined for {order_id:?}", detail = "try another card")]
    Declined { order_id: OrderId, hidden: u8 },
    #[fault(kind = unavailable, code = "payment.gateway", message = "gateway {0} said {{{1:>5}}}")]
    Gateway(String, u8),
    #[fault(kind = internal, code = "payment.store", message = "store failed")]
    Store { source: io::Error },
    #[fault(kind = internal, code = "payment.wire", message = "wire failed")]
    Wire(#[source] Box<dyn Error + Send + Sync>),
    #[fault(code = "payment.nothing", message = "nothing")]
    Nothing,
}
