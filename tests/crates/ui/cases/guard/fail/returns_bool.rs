use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[guard]
async fn known(cmd: &Pay) -> bool {
    cmd.amount > 0
}

fn main() {}
