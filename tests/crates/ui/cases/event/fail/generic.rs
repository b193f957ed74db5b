use anywise::prelude::*;

#[event]
pub struct Changed<T>(pub T);

fn main() {}
