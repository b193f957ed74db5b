use anywise::prelude::*;

pub struct Settings;
pub struct Gateway;

#[provide]
fn gateway(_settings: Settings) -> Gateway {
    Gateway
}

fn main() {}
