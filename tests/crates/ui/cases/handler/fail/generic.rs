use anywise::prelude::*;

#[handler]
async fn any<C: anywise::Command>(_cmd: C) {}

fn main() {}
