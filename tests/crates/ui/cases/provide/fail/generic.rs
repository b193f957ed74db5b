use anywise::prelude::*;

#[provide]
fn any<T: Default>() -> T {
    T::default()
}

fn main() {}
