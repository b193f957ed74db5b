#[guard(messages(GetOrder, CancelOrder))]
fn picky(cx: Context) -> Result<()> {
    body()
}
