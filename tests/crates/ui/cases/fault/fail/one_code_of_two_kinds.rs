use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = declined, code = "payment.failed", message = "declined")]
    Declined,
    #[fault(kind = internal, code = "payment.failed", message = "broken")]
    Broken,
}

fn main() {}
