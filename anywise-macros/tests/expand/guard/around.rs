#[guard(around, all)]
async fn timed(cx: Context, clock: &Clock, mut next: Next<'_>) -> Result<()> {
    body()
}
