#[handler]
fn nothing(_: Nothing) {}
