#[handler(blocking)]
fn digest(cmd: &Digest, limit: Header<Limit>, pepper: &Pepper) -> Result<Hash> {
    body()
}
