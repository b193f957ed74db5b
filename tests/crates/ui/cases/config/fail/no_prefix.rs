use anywise::prelude::*;

#[config]
pub struct Settings {
    pub url: String,
}

fn main() {}
