use anywise::prelude::*;

pub struct Card {
    pub number: String,
}

#[command]
pub struct Pay {
    pub card: Card,
}

fn main() {}
