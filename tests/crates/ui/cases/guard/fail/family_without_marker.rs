use anywise::prelude::*;

#[guard(family)]
async fn known(_cx: Context) -> Result<()> {
    Ok(())
}

fn main() {}
