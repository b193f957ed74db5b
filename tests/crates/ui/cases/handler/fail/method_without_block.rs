use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Desk;

impl Desk {
    #[handler]
    async fn pay(&self, _cmd: Pay) {}
}

fn main() {}
