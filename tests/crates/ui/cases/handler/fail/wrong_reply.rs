use anywise::prelude::*;

#[command(reply = u64)]
pub struct Count;

#[handler]
async fn count(_cmd: Count) -> Result<String> {
    Ok("one".to_owned())
}

fn main() {}
