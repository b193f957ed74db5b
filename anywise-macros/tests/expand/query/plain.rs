#[query(reply = Vec<Order>, http = "GET /orders/{customer}")]
pub struct OrdersOf {
    pub customer: CustomerId,
}
