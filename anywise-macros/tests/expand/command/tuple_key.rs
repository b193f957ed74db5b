#[command(key = 0)]
pub struct Cancel(pub OrderId, pub String);
