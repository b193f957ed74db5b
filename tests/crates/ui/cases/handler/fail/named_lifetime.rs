use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[handler]
async fn pay<'a>(_cmd: &'a Pay) {}

fn main() {}
