use anywise::prelude::*;

pub struct Gateway;

#[provide]
fn gateway() -> Result<Gateway, String> {
    Ok(Gateway)
}

fn main() {}
