use anywise::prelude::*;

#[guard(around, all)]
async fn timed(mut next: Next<'_>) -> Result<u64> {
    next.run().await?;
    Ok(5)
}

fn main() {}
