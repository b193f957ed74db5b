use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = declined, code = "Declined", message = "the card was declined")]
    Declined,
}

fn main() {}
