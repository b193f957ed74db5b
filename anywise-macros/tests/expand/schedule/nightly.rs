/// Closes the books.
#[schedule("0 3 * * *", timeout = "1m")]
async fn close_books(tick: Tick, books: &Books) -> Result<()> {
    body()
}
