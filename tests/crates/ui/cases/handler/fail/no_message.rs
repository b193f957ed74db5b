use anywise::prelude::*;

#[handler]
async fn pay() {}

fn main() {}
