#[guard(around, commands)]
async fn through(mut next: Next<'_>) -> Result<()> {
    next.run().await
}
