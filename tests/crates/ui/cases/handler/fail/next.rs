use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[handler]
async fn pay(_cmd: Pay, _next: Next<'_>) {}

fn main() {}
