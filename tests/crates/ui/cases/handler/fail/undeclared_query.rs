use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[query(reply = u64)]
pub struct Balance;

#[query(reply = u64)]
pub struct Limit;

#[handler]
async fn pay(_cmd: Pay, queries: Queries<(Balance,)>) -> Result<()> {
    queries.ask(Limit).await.map(drop)
}

fn main() {}
