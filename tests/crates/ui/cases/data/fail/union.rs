use anywise::prelude::*;

#[data]
pub union Bits {
    pub a: u8,
    pub b: i8,
}

fn main() {}
