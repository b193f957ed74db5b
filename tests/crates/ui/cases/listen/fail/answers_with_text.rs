use anywise::prelude::*;

#[event]
pub struct Paid {
    pub amount: u64,
}

#[listen]
async fn on_paid(_event: &Paid) -> Result<String> {
    Ok("thanks".to_owned())
}

fn main() {}
