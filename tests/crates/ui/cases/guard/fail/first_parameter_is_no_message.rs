use anywise::prelude::*;

#[guard]
async fn known(_auth: Header<Authorization>) -> Result<()> {
    Ok(())
}

fn main() {}
