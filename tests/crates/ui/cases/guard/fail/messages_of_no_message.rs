use anywise::prelude::*;

pub struct Tenant;

#[guard(messages(Tenant))]
async fn known(_cx: Context) -> Result<()> {
    Ok(())
}

fn main() {}
