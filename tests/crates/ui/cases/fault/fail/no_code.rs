use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = declined, message = "the card was declined")]
    Declined,
}

fn main() {}
