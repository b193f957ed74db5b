#[guard(slice)]
async fn signed_in(auth: Header<Authorization>, keys: &JwtKeys) -> Result<User> {
    body()
}
