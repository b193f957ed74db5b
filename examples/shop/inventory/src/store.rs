//! Where the slice keeps its stock: in memory, for now.
//!
//! Each function here is one transaction: it holds the lock from what it reads
//! to what it writes, and never while anything is awaited.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anywise::prelude::*;
use shop_contracts::inventory::{Sku, StockLevel, StockLine};
use shop_contracts::order::OrderId;

use crate::fault::StockFault;

/// What is in the house, and for whom.
#[derive(Debug, Default)]
pub(crate) struct Stock(Mutex<Shelves>);

#[derive(Debug, Default)]
struct Shelves {
    levels: HashMap<Sku, Level>,
    answers: HashMap<OrderId, Answer>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    on_hand: u32,
    /// Never more than `on_hand`.
    reserved: u32,
}

/// What an order was told. It is told the same for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// These are reserved for it.
    Reserved(BTreeMap<Sku, u32>),
    /// Of this there was too little.
    Short(Sku),
    /// It was cancelled, and holds nothing any more.
    Cancelled,
}

/// Every application has stock of its own.
#[provide]
fn stock() -> Stock {
    Stock::default()
}

impl Stock {
    /// Says how many there are; not less than are reserved.
    pub(crate) fn set(&self, sku: Sku, on_hand: u32) -> Result<StockLevel, StockFault> {
        let mut shelves = self.lock();
        let level = shelves.levels.entry(sku.clone()).or_default();
        let reserved = level.reserved;
        if on_hand < reserved {
            return Err(StockFault::BelowReserved { sku, reserved, on_hand });
        }
        level.on_hand = on_hand;
        Ok(StockLevel { sku, on_hand, reserved })
    }

    /// How many there are.
    pub(crate) fn level(&self, sku: Sku) -> Result<StockLevel, StockFault> {
        match self.lock().levels.get(&sku) {
            Some(&Level { on_hand, reserved }) => Ok(StockLevel { sku, on_hand, reserved }),
            None => Err(StockFault::UnknownSku(sku)),
        }
    }

    /// Reserves everything for the order or nothing, unless it has its answer.
    pub(crate) fn reserve(&self, order_id: &OrderId, lines: &[StockLine]) -> Answer {
        let Shelves { levels, answers } = &mut *self.lock();
        let answer = answers.entry(order_id.clone()).or_insert_with(|| reserve(levels, lines));
        answer.clone()
    }

    /// Puts back what is reserved for a cancelled order, and reserves no more.
    pub(crate) fn release(&self, order_id: &OrderId) {
        let Shelves { levels, answers } = &mut *self.lock();
        if let Some(Answer::Reserved(lines)) = answers.insert(order_id.clone(), Answer::Cancelled) {
            for (sku, quantity) in lines {
                levels.entry(sku).or_default().reserved -= quantity;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        // Nothing panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes from the shelves, if there is enough of everything.
fn reserve(levels: &mut HashMap<Sku, Level>, lines: &[StockLine]) -> Answer {
    let mut wanted = BTreeMap::<_, u32>::new();
    for StockLine { sku, quantity } in lines {
        let wanted = wanted.entry(sku.clone()).or_default();
        *wanted = wanted.saturating_add(*quantity);
    }
    let free = |sku: &Sku| levels.get(sku).map_or(0, |level| level.on_hand - level.reserved);
    if let Some((sku, _)) = wanted.iter().find(|(sku, quantity)| free(sku) < **quantity) {
        return Answer::Short(sku.clone());
    }
    for (sku, quantity) in &wanted {
        levels.entry(sku.clone()).or_default().reserved += quantity;
    }
    Answer::Reserved(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(name: &str) -> Sku {
        Sku(name.to_owned())
    }

    fn order(id: &str) -> OrderId {
        OrderId(id.to_owned())
    }

    fn lines(lines: &[(&str, u32)]) -> Vec<StockLine> {
        lines.iter().map(|&(name, quantity)| StockLine { sku: sku(name), quantity }).collect()
    }

    fn stock(levels: &[(&str, u32)]) -> Stock {
        let stock = Stock::default();
        for (name, on_hand) in levels {
            stock.set(sku(name), *on_hand).expect("nothing is reserved");
        }
        stock
    }

    fn reserved(stock: &Stock, name: &str) -> u32 {
        stock.level(sku(name)).expect("it was set").reserved
    }

    #[test]
    fn all_lines_are_reserved_or_none() {
        let stock = stock(&[("tea", 5), ("cup", 1)]);
        let answer = stock.reserve(&order("a"), &lines(&[("tea", 1), ("cup", 2)]));
        assert_eq!(answer, Answer::Short(sku("cup")));
        assert_eq!((reserved(&stock, "tea"), reserved(&stock, "cup")), (0, 0));
    }

    #[test]
    fn lines_of_one_thing_count_together() {
        let stock = stock(&[("tea", 5)]);
        let answer = stock.reserve(&order("a"), &lines(&[("tea", 3), ("tea", 3)]));
        assert_eq!(answer, Answer::Short(sku("tea")));
        let answer = stock.reserve(&order("b"), &lines(&[("tea", u32::MAX), ("tea", u32::MAX)]));
        assert_eq!(answer, Answer::Short(sku("tea")));
    }

    #[test]
    fn an_order_has_one_answer() {
        let stock = stock(&[("tea", 2)]);
        let first = stock.reserve(&order("a"), &lines(&[("tea", 2)]));
        assert_eq!(first, stock.reserve(&order("a"), &lines(&[("tea", 2)])));
        assert_eq!(reserved(&stock, "tea"), 2);

        let short = stock.reserve(&order("b"), &lines(&[("tea", 1)]));
        stock.set(sku("tea"), 10).expect("more than reserved");
        assert_eq!(short, stock.reserve(&order("b"), &lines(&[("tea", 1)])));
    }

    #[test]
    fn a_cancelled_order_gives_back_once_and_gets_nothing_more() {
        let stock = stock(&[("tea", 2)]);
        stock.reserve(&order("a"), &lines(&[("tea", 2)]));
        stock.release(&order("a"));
        stock.release(&order("a"));
        assert_eq!(reserved(&stock, "tea"), 0);
        assert_eq!(stock.reserve(&order("a"), &lines(&[("tea", 1)])), Answer::Cancelled);
    }

    #[test]
    fn what_is_reserved_stays_in_the_house() {
        let stock = stock(&[("tea", 2)]);
        stock.reserve(&order("a"), &lines(&[("tea", 2)]));
        assert!(matches!(stock.set(sku("tea"), 1), Err(StockFault::BelowReserved { .. })));
    }
}
