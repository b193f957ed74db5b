use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct User;

#[handler]
async fn pay(_cmd: Pay, _user: User) {}

fn main() {}
