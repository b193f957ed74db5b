use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

use std::rc::Rc;

#[handler]
async fn pay(cmd: Pay) {
    let shared = Rc::new(cmd.amount);
    std::future::ready(()).await;
    drop(shared);
}

fn main() {}
