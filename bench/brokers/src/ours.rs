//! The slices of the application that is measured.

/// Publishes.
pub(crate) mod shop {
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "shop", "Sells.");

    /// 200 bytes as JSON.
    #[event(key = order)]
    #[derive(Clone)]
    pub(crate) struct Sold {
        pub(crate) order: String,
        pub(crate) at: u64,
        pub(crate) note: String,
    }

    impl Sold {
        pub(crate) fn new(number: usize, at: u64) -> Self {
            // 200 bytes, whatever the numbers.
            let note = "x".repeat(200 - 64 + 16 - at.to_string().len());
            Self { order: format!("{number:020}"), at, note }
        }
    }

    /// A slice has a function; nobody calls this one.
    #[query(reply = usize)]
    pub(crate) struct CountShops;

    #[handler]
    fn count_shops(_: CountShops) -> usize {
        1
    }
}

/// Consumes.
pub(crate) mod office {
    use super::shop::Sold;
    use crate::tally::Tally;
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "office", "Counts.");

    #[listen]
    fn count(event: &Sold, tally: &Tally) {
        tally.note(event.at);
    }
}

/// Answers.
pub(crate) mod till {
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "till", "Charges.");

    #[command(reply = Receipt)]
    pub(crate) struct Charge {
        pub(crate) order: String,
        pub(crate) cents: u64,
    }

    #[data]
    pub(crate) struct Receipt {
        pub(crate) payment: String,
    }

    #[handler]
    #[expect(clippy::unused_async, reason = "handlers are async as a rule")]
    async fn charge(cmd: Charge) -> Receipt {
        Receipt { payment: format!("{}-{}", cmd.order, cmd.cents) }
    }
}
