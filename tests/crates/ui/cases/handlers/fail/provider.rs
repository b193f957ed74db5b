use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Desk;
pub struct Clock;

#[handlers]
impl Desk {
    #[handler]
    async fn pay(&self, _cmd: Pay) {}

    #[provide]
    fn clock(&self) -> Clock {
        Clock
    }
}

fn main() {}
