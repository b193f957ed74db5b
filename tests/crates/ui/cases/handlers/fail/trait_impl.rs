use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Desk;

pub trait Pays {
    fn pay(&self, cmd: Pay);
}

#[handlers]
impl Pays for Desk {
    #[handler]
    fn pay(&self, _cmd: Pay) {}
}

fn main() {}
