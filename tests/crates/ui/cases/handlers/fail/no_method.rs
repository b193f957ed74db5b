use anywise::prelude::*;

pub struct Desk;

#[handlers]
impl Desk {
    pub async fn pay(&self) {}
}

fn main() {}
