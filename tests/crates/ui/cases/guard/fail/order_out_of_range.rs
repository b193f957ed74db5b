use anywise::prelude::*;

#[guard(slice, order = 3_000_000_000)]
async fn known(_cx: Context) -> Result<()> {
    Ok(())
}

fn main() {}
