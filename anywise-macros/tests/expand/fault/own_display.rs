#[derive(Debug, Fault, thiserror::Error)]
pub enum Broken {
    #[error("broken")]
    #[fault(kind = internal, code = "shop.broken")]
    Broken(#[source] io::Error),
}
