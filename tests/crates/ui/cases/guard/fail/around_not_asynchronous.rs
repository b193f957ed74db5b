use anywise::prelude::*;

#[guard(around, all)]
fn timed(_next: Next<'_>) -> Result<()> {
    Ok(())
}

fn main() {}
