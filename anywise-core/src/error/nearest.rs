//! "Did you mean …": the known name nearest to one that is not known.

/// Longer names are nobody's typing error; comparing them costs their square.
const LONGEST: usize = 128;

/// The nearest of `known`, if it is near enough to be a typing error.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > LONGEST {
        return None;
    }
    let far = |one: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &one.to_lowercase());
    let best = known.into_iter().map(|one| (far(one), one)).min()?;
    (best.0 <= name.len().max(3) / 3).then_some(best.1)
}

/// "; did you mean …?", or nothing.
pub(crate) fn hint<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typing_error_finds_its_name_and_another_word_does_not() {
        let known = ["payment.CreatePayment", "order.PlaceOrder"];
        let check = |name, expected| assert_eq!(nearest(name, known), expected);
        check("payment.CreatPayment", Some("payment.CreatePayment"));
        check("order.placeorder", Some("order.PlaceOrder"));
        check("stock.Reserve", None);
    }
}
