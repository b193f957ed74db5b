use anywise::prelude::*;

pub struct Settings;

#[provide]
fn gateway(_settings: &Settings) {}

fn main() {}
