use anywise::prelude::*;

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = notfound, code = "payment.unknown", message = "no such payment")]
    Unknown,
}

fn main() {}
