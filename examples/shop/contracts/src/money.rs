//! Amounts of money, the same in every slice.

use anywise::prelude::*;

/// An amount in whole cents; never a fraction, never a floating point number.
#[data]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, unless it is too large to be counted.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times this amount, unless it is too large to be counted.
    #[must_use]
    pub fn times(self, quantity: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(quantity)).map(Self)
    }
}

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::Cents;

    #[test]
    fn amounts_are_shown_with_two_digits() {
        let check = |cents, shown: &str| assert_eq!(Cents(cents).to_string(), shown);
        check(0, "0.00");
        check(905, "9.05");
        check(-905, "-9.05");
        check(-5, "-0.05");
        check(i64::MIN, "-92233720368547758.08");
    }

    #[test]
    fn sums_that_cannot_be_counted_are_none() {
        assert_eq!(Cents(450).times(2), Some(Cents(900)));
        assert_eq!(Cents(i64::MAX).times(2), None);
        assert_eq!(Cents(i64::MAX).plus(Cents(1)), None);
    }
}
