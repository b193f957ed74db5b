use anywise::prelude::*;

#[command]
pub union Bits {
    pub a: u8,
    pub b: i8,
}

fn main() {}
