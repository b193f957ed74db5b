#[event(local)]
pub struct Ticked;
