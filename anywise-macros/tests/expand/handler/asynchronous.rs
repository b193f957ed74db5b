#[handler]
async fn get(query: &GetOrder, orders: &Orders) -> Order {
    orders.get(query.id).await
}
