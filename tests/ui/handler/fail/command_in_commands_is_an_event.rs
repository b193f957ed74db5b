use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[event]
pub struct Paid {
    pub amount: u64,
}

#[handler]
async fn pay(_cmd: Pay, commands: Commands<(Paid,)>) -> Result<()> {
    commands.send(Paid { amount: 5 }).await
}

fn main() {}
