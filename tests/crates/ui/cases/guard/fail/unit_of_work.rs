use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[event]
pub struct Paid {
    pub amount: u64,
}

#[guard]
async fn known(_cmd: &Pay, _events: &mut Events<(Paid,)>) -> Result<()> {
    Ok(())
}

fn main() {}
