use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(code = "payment.declined", message = "the card was declined")]
    Declined,
}

fn main() {}
