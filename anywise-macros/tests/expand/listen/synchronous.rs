#[listen]
fn on_settled(event: &PaymentSettled, counter: &Counter) -> () {
    counter.add(1)
}
