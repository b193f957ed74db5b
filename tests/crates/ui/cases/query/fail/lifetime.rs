use anywise::prelude::*;

#[query(reply = u64)]
pub struct Balance<'a> {
    pub account: &'a str,
}

fn main() {}
