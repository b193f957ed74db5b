use anywise::prelude::*;

#[config(prefix = "Payment Settings")]
pub struct Settings {
    pub url: String,
}

fn main() {}
