use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

use std::cell::Cell;
use std::rc::Rc;

#[listen]
async fn on_paid(event: &Paid) {
    let total = Rc::new(Cell::new(0));
    std::future::ready(()).await;
    total.set(event.amount);
}

fn main() {}
