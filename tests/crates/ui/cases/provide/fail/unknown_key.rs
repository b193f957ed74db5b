use anywise::prelude::*;

pub struct Gateway;

#[provide(lazy)]
fn gateway() -> Gateway {
    Gateway
}

fn main() {}
