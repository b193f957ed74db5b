#[command]
pub struct Charge {
    #[serde(flatten)]
    pub order: Order,
}
