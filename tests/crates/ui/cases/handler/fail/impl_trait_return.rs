use anywise::prelude::*;

#[command(reply = String)]
pub struct Name;

#[handler]
fn name(_cmd: Name) -> impl Into<String> {
    "name"
}

fn main() {}
