use anywise::prelude::*;

#[guard(around, commands)]
async fn timed(mut next: Next<'_>, _cx: Context) -> Result<()> {
    next.run().await
}

fn main() {}
