use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

pub struct Desk<T>(pub T);

#[handlers]
impl<T: Send + Sync> Desk<T> {
    #[handler]
    async fn pay(&self, _cmd: Pay) {}
}

fn main() {}
