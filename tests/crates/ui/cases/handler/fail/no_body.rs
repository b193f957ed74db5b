use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[handler]
async fn pay(_cmd: Pay);

fn main() {}
