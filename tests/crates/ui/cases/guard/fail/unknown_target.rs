use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[guard(slices)]
async fn known(_cmd: &Pay) -> Result<()> {
    Ok(())
}

fn main() {}
