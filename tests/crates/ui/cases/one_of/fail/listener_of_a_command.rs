use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[event]
pub struct Paid {
    pub amount: u64,
}

#[one_of]
pub enum Moved {
    Paid(Paid),
    Pay(Pay),
}

#[listen]
async fn on_moved(_moved: &Moved) {}

fn main() {}
