use anywise::prelude::*;

#[command]
pub struct Pay {
    pub amount: u64,
}

#[derive(Debug, Fault)]
pub enum PayError {
    #[fault(kind = declined, message = "the card was declined")]
    Declined,
}

#[handler]
async fn pay(_cmd: Pay) -> Result<(), PayError> {
    Err(PayError::Declined)
}

fn main() {}
