use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Clock;

#[handler]
async fn pay(_cmd: Pay, #[cfg(unix)] _clock: &Clock) {}

fn main() {}
