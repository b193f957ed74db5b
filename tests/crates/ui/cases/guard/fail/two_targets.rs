use anywise::prelude::*;

#[guard(all, slice)]
async fn known() -> Result<()> {
    Ok(())
}

fn main() {}
