#[guard]
fn owner(query: GetOrder) -> Result<Owner> {
    body()
}
