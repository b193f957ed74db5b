use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[event]
pub struct Paid {
    pub amount: u64,
}

#[event]
pub struct Declined;

#[event]
pub struct Refunded;

#[handler]
async fn pay(cmd: Pay, events: &mut Events<(Paid, Declined)>) {
    events.publish(Paid { amount: cmd.amount });
    events.publish(Refunded);
}

fn main() {}
