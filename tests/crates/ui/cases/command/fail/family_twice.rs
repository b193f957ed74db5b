use anywise::prelude::*;

pub struct Money;

#[command(family(Money, Money))]
pub struct Pay;

fn main() {}
