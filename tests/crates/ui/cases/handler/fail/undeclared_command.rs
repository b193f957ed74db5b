use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[command]
pub struct Refund;

#[handler]
async fn settle(_cmd: Refund, commands: Commands<(Refund,)>) -> Result<()> {
    commands.send(Pay { amount: 5 }).await
}

fn main() {}
