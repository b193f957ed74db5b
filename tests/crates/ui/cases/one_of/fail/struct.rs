use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[one_of]
pub struct Moved(pub Paid);

fn main() {}
