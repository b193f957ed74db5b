#[guard(commands, events)]
fn open() -> Result<()> {
    body()
}
