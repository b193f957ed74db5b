#[provide]
fn clock() -> Clock {
    Clock::new()
}
