use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Cache;

#[handler]
async fn pay(_cmd: Pay, _cache: &mut Cache) {}

fn main() {}
