use anywise::prelude::*;

#[one_of]
pub enum Moved {}

fn main() {}
