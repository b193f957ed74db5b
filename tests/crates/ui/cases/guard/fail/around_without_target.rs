use anywise::prelude::*;

#[guard(around)]
async fn timed(mut next: Next<'_>) -> Result<()> {
    next.run().await
}

fn main() {}
