#[command(local, reply = Connection)]
pub struct Open(pub Socket);
