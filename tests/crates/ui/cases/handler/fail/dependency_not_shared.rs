use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

use std::cell::RefCell;

#[handler]
async fn pay(_cmd: Pay, _seen: &RefCell<u64>) {}

fn main() {}
