use anywise::prelude::*;

#[guard(commands)]
async fn timed(mut next: Next<'_>) -> Result<()> {
    next.run().await
}

fn main() {}
