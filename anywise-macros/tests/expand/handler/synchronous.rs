#[handler]
fn get(query: GetOrder, Provided(user): Provided<User>, orders: &(dyn Orders + Sync)) -> Result<Order> {
    orders.get(query.id, user)
}
