use anywise::prelude::*;

#[handler]
pub struct Pay;

fn main() {}
