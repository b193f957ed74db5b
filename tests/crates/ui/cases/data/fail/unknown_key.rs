use anywise::prelude::*;

#[data(strict)]
pub struct Card {
    pub number: String,
}

fn main() {}
