use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[one_of]
pub enum Moved {
    Paid(Paid),
    Nothing,
}

fn main() {}
