#[handler(blocking, timeout = "250ms")]
fn digest(cmd: Digest, pepper: &Pepper, events: &mut Events<(Digested,)>, tx: &mut Tx<Sqlite>) {
    body()
}
