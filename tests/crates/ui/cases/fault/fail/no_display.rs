use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = declined, code = "payment.declined")]
    Declined,
}

fn main() {}
