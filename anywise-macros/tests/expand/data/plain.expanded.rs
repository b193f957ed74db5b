#[derive(
    ::anywise::__private::serde::Serialize,
    ::anywise::__private::serde::Deserialize,
    ::anywise::__private::schemars::JsonSchema
)]
#[derive(Clone)]
#[serde(crate = "::anywise::__private::serde")]
#[schemars(crate = "::anywise::__private::schemars")]
pub struct Receipt {
    pub payment_id: PaymentId,
}
