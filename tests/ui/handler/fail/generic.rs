use anywise::prelude::*;

#[handler]
async fn any<C: Command>(_cmd: C) {}

fn main() {}
