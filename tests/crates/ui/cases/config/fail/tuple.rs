use anywise::prelude::*;

#[config(prefix = "payment")]
pub struct Settings(pub String);

fn main() {}
