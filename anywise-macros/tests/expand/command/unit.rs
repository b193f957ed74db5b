#[command]
pub struct Tick;
