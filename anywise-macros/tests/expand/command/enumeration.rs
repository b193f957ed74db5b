#[command(name = "Change")]
pub enum Change {
    Up(u8),
    Down { by: u8 },
}
