use anywise::prelude::*;

#[guard(around, commands)]
async fn timed(next: &mut Next<'_>) -> Result<()> {
    next.run().await
}

fn main() {}
