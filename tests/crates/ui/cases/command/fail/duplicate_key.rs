use anywise::prelude::*;

#[command(name = "payment.Pay", name = "payment.Charge")]
pub struct Pay;

fn main() {}
