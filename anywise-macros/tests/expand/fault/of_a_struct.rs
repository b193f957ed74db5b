#[derive(Debug, Fault)]
#[fault(kind = not_found, code = "order.unknown", message = "no order {id}", detail = "there is no order {id}")]
pub struct Unknown {
    id: u64,
}
