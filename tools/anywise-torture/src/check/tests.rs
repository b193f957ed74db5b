use super::*;
use crate::evidence::{Balance, Business, Dead, Left};
use crate::history::{History, Op, Told};

/// A history and what is left of it, both in order until a test says otherwise.
struct Case {
    history: History,
    found: Evidence,
}

impl Case {
    fn new() -> Self {
        Self { history: History::new(None).unwrap(), found: Evidence::default() }
    }

    fn ask(&self, ask: Ask, number: u64, told: Option<Told>) -> String {
        let id = format!("p1-{number}");
        let op = Op { ask, producer: 1, number, key: "k".into(), amount: 5 };
        self.history.invoke(&id, &op);
        if let Some(told) = told {
            self.history.told(&id, told, "");
        }
        id
    }

    /// A `Put` that was acknowledged and did everything it should.
    fn put(&mut self, number: u64) -> String {
        let id = self.ask(Ask::Put, number, Some(Told::Ok));
        self.took_effect(&id, number);
        id
    }

    fn took_effect(&mut self, id: &str, number: u64) {
        let seq = i64::try_from(number).unwrap();
        for consumer in Ask::Put.consumers() {
            self.effect(consumer, id, seq);
        }
        self.found.business.push(Business { id: id.into(), key: "k".into(), seq, amount: 5 });
        self.found.loose.insert(id.into(), 1);
    }

    fn effect(&mut self, consumer: &str, id: &str, seq: i64) {
        let n = i64::try_from(self.found.effects.len()).unwrap();
        let (key, epoch) = ("k".to_owned(), 1);
        let effect =
            Effect { n, consumer: consumer.into(), id: id.into(), key, seq, amount: 5, at: 0, epoch };
        self.found.effects.push(effect);
        let balances = &mut self.found.balances;
        match balances.iter_mut().find(|balance| balance.consumer == consumer) {
            Some(balance) => (balance.n, balance.total) = (balance.n + 1, balance.total + 5),
            None => balances.push(Balance { consumer: consumer.into(), key: "k".into(), n: 1, total: 5 }),
        }
    }

    fn forget(&mut self, consumer: &str, id: &str) {
        self.found.effects.retain(|effect| effect.consumer != consumer || effect.id != id);
        let balance = self.found.balances.iter_mut().find(|balance| balance.consumer == consumer).unwrap();
        (balance.n, balance.total) = (balance.n - 1, balance.total - 5);
    }

    #[track_caller]
    fn broken(&self, expected: &[&str]) {
        let found = check(&self.history.entries(), &self.found);
        let names: BTreeSet<_> = found.iter().map(|violation| violation.invariant).collect();
        assert_eq!(names, expected.iter().copied().collect(), "{found:?}");
    }
}

fn three() -> Case {
    let mut case = Case::new();
    (1..=3).for_each(|number| drop(case.put(number)));
    case
}

#[test]
fn a_run_in_order_breaks_nothing() {
    let mut case = three();
    case.ask(Ask::Put, 4, None);
    case.ask(Ask::Refuse, 5, Some(Told::Fail));
    let unknown = case.ask(Ask::Put, 6, Some(Told::Info));
    case.took_effect(&unknown, 4);
    case.broken(&[]);
}

#[test]
fn i1_an_acknowledged_message_that_is_gone_is_lost() {
    let case = three();
    case.ask(Ask::Put, 9, Some(Told::Ok));
    case.broken(&["I1"]);
    let found = check(&case.history.entries(), &case.found);
    assert!(found.iter().any(|violation| violation.what.contains("postfix")), "{found:?}");
}

#[test]
fn i1_says_where_the_lost_ones_were() {
    assert_eq!(place(&[1], &[2, 3]), "prefix");
    assert_eq!(place(&[2], &[1, 3]), "middle");
    assert_eq!(place(&[4], &[1, 3]), "postfix");
    assert_eq!(place(&[4], &[]), "all");
}

#[test]
fn i1_a_consumer_without_a_transaction_sees_it_at_least_once() {
    let mut case = three();
    case.found.loose.insert("p1-2".into(), 2);
    case.broken(&[]);
    case.found.loose.remove("p1-2");
    case.broken(&["I1"]);
}

#[test]
fn i2_an_effect_of_nothing_is_noticed() {
    let mut case = three();
    case.effect("poke", "p7-7", 0);
    case.found.balances.last_mut().unwrap().total = 0;
    case.broken(&["I2"]);
}

#[test]
fn i2_an_effect_of_something_else_is_noticed() {
    let mut case = three();
    case.found.effects[0].amount = 6;
    case.broken(&["I2"]);
}

#[test]
fn i2_nothing_happens_before_it_is_due() {
    let mut case = Case::new();
    let id = case.ask(Ask::Late, 1, Some(Told::Ok));
    case.effect("late", &id, 10);
    case.found.effects[0].at = 9;
    case.broken(&["I2"]);
}

#[test]
fn i3_a_second_effect_is_noticed() {
    let mut case = three();
    case.effect("echo", "p1-1", 1);
    case.broken(&["I3"]);
}

#[test]
fn i3_a_balance_that_is_not_the_sum_is_noticed() {
    let mut case = three();
    case.found.balances[0].total += 1;
    case.broken(&["I3"]);
}

#[test]
fn i4_what_was_refused_and_done_is_noticed() {
    let mut case = three();
    let id = case.ask(Ask::Put, 4, Some(Told::Fail));
    case.took_effect(&id, 4);
    case.broken(&["I4"]);
}

#[test]
fn i4_one_refusal_of_two_says_nothing() {
    let mut case = three();
    let id = case.ask(Ask::Put, 4, Some(Told::Fail));
    case.ask(Ask::Put, 4, Some(Told::Info));
    case.took_effect(&id, 4);
    case.broken(&[]);
}

#[test]
fn i5_an_inversion_is_noticed() {
    let mut case = three();
    let at = |case: &Case, seq| {
        case.found.effects.iter().position(|e| e.consumer == "ledger" && e.seq == seq).unwrap()
    };
    let (first, second) = (at(&case, 1), at(&case, 2));
    let (one, two) = (case.found.effects[first].n, case.found.effects[second].n);
    (case.found.effects[first].n, case.found.effects[second].n) = (two, one);
    case.broken(&["I5"]);
}

#[test]
fn i5_a_gap_is_noticed() {
    let mut case = three();
    case.forget("ledger", "p1-2");
    case.broken(&["I1", "I5", "I10"]);
}

#[test]
fn i6_what_is_left_is_noticed() {
    let mut case = three();
    case.found.left = Left { blocked: 1, ..Left::default() };
    case.broken(&["I6"]);
}

#[test]
fn i7_dead_letters_are_the_planted_poison() {
    let mut case = three();
    let id = case.ask(Ask::Plant, 4, Some(Told::Ok));
    case.broken(&["I1", "I7"]);
    case.found.dead.push(Dead { id: id.clone(), target: "poison".into(), ..Dead::default() });
    case.broken(&[]);
    case.found.dead.push(Dead { id: "p1-1".into(), target: "ledger".into(), ..Dead::default() });
    case.broken(&["I7"]);
    case.found.dead.pop();
    case.found.dead[0].missing = Some("failures".into());
    case.broken(&["I7"]);
}

#[test]
fn i7_a_dead_letter_is_kept_once() {
    let mut case = three();
    let id = case.ask(Ask::Plant, 4, Some(Told::Ok));
    for _ in 0..2 {
        case.found.dead.push(Dead { id: id.clone(), target: "poison".into(), ..Dead::default() });
    }
    case.broken(&["I7"]);
}

#[test]
fn i7_cured_poison_has_its_effect_and_is_not_dead() {
    let mut case = three();
    let id = case.ask(Ask::Plant, 4, Some(Told::Ok));
    case.found.cured = true;
    case.broken(&["I1"]);
    case.effect("poison", &id, 0);
    case.broken(&[]);
}

#[test]
fn i9_an_effect_under_a_lost_claim_is_noticed() {
    let mut case = three();
    case.found.grant("ledger p1-1 1");
    case.broken(&[]);
    case.found.grant("ledger p1-1 2");
    case.broken(&["I9"]);
}

#[test]
fn i10_a_row_without_its_message_is_noticed() {
    let mut case = three();
    case.forget("echo", "p1-2");
    case.broken(&["I1", "I10"]);
}

#[test]
fn i10_a_message_without_its_row_is_noticed() {
    let mut case = three();
    case.found.business.pop();
    case.broken(&["I10"]);
}

#[test]
fn i10_a_damaged_database_is_noticed() {
    let mut case = three();
    case.found.damage = Some("row 3 is missing from an index".into());
    case.broken(&["I10"]);
}

#[test]
fn i11_growth_is_noticed() {
    let mut case = three();
    case.found.gauges.fds = 10_000;
    case.broken(&["I11"]);
}
