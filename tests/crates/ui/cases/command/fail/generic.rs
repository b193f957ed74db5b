use anywise::prelude::*;

#[command]
pub struct Set<T> {
    pub value: T,
}

fn main() {}
