use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[guard]
async fn known(_cmd: &Pay) {}

fn main() {}
