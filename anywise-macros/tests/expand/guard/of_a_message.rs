#[guard(order = -5, timeout = "1s")]
async fn owner(query: &GetOrder, user: Provided<User>, orders: &dyn Orders) -> Result<()> {
    body()
}
