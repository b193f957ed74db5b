#[listen(blocking)]
fn on_settled(event: &PaymentSettled, printer: &Printer) -> Result<()> {
    body()
}
