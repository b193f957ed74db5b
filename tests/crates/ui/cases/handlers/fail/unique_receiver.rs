use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Desk;

#[handlers]
impl Desk {
    #[handler]
    async fn pay(&mut self, _cmd: Pay) {}
}

fn main() {}
