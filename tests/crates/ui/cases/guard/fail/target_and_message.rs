use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[guard(slice)]
async fn known(_cmd: &Pay, _tenant: Pay) -> Result<()> {
    Ok(())
}

fn main() {}
