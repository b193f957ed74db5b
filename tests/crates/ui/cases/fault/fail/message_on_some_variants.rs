use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = declined, code = "payment.declined", message = "the card was declined")]
    Declined,
    #[fault(kind = not_found, code = "payment.unknown")]
    Unknown,
}

fn main() {}
