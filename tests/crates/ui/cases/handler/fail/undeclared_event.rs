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

#[handler]
async fn pay(cmd: Pay, events: &mut Events<(Paid,)>) {
    events.publish(Paid { amount: cmd.amount });
    events.publish(Declined);
}

fn main() {}
