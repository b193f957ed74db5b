#[handler]
fn place(cmd: &PlaceOrder, events: &mut Events<(OrderPlaced,)>) -> OrderId {
    body()
}
