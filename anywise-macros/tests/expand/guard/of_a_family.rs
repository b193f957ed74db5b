#[guard(family = audit::Audited, commands, order = 3)]
fn audited(cx: Context) -> Result<()> {
    body()
}
