use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = not_found, code = "payment.unknown", message = "no payment {payment}")]
    Unknown { payment_id: u64 },
}

fn main() {}
