use anywise::prelude::*;

use std::rc::Rc;

#[provide]
fn counter() -> Rc<u64> {
    Rc::new(0)
}

fn main() {}
