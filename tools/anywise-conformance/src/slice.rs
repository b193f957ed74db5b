//! Slices that publish, listen and answer, for cases with whole applications.

use std::collections::HashMap;
use std::sync::Mutex;

use anywise::prelude::*;

/// Publishes.
pub(crate) mod source {
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "suite_source", "Publishes, and answers requests.");

    /// Something was counted.
    #[event(key = key)]
    pub(crate) struct Counted {
        pub(crate) key: u32,
        pub(crate) number: u32,
    }

    /// Adds two numbers.
    #[command(reply = u32)]
    pub(crate) struct Add {
        pub(crate) left: u32,
        pub(crate) right: u32,
    }

    #[derive(Debug, Fault)]
    #[fault(wire)]
    #[data]
    pub(crate) enum AddError {
        #[fault(kind = conflict, code = "suite.too_much", message = "{left} and {right} are too much")]
        TooMuch { left: u32, right: u32 },
    }

    #[handler]
    async fn add(cmd: Add, caller: Option<Principal>, calls: &super::Calls) -> Result<u32, AddError> {
        calls.note(caller.map(|caller| caller.id().to_owned()));
        let Add { left, right } = cmd;
        left.checked_add(right).ok_or(AddError::TooMuch { left, right })
    }
}

/// Listens.
pub(crate) mod target {
    use super::Ledger;
    use super::source::Counted;
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "suite_target", "Listens.");

    #[listen]
    async fn count(event: &Counted, ledger: &Ledger) -> Result<()> {
        ledger.note(event)
    }
}

/// Who called.
#[derive(Default)]
pub(crate) struct Calls(Mutex<Vec<Option<String>>>);

impl Calls {
    fn note(&self, caller: Option<String>) {
        self.0.lock().expect("nobody panics here").push(caller);
    }

    pub(crate) fn all(&self) -> Vec<Option<String>> {
        self.0.lock().expect("nobody panics here").clone()
    }
}

/// What was heard: the numbers of each key in their order, each as often as it
/// came.
#[derive(Default)]
pub(crate) struct Ledger {
    heard: Mutex<HashMap<u32, Vec<u32>>>,
    failures: Mutex<HashMap<u32, u32>>,
}

impl Ledger {
    /// Has the next runs for a number fail.
    pub(crate) fn fail(&self, number: u32, times: u32) {
        self.failures.lock().expect("nobody panics here").insert(number, times);
    }

    fn note(&self, event: &source::Counted) -> Result<()> {
        let mut failures = self.failures.lock().expect("nobody panics here");
        if let Some(left) = failures.get_mut(&event.number).filter(|left| **left > 0) {
            *left -= 1;
            return Err(Error::new(Kind::Unavailable, "suite.busy", "busy"));
        }
        drop(failures);
        self.heard.lock().expect("nobody panics here").entry(event.key).or_default().push(event.number);
        Ok(())
    }

    /// How many runs there were.
    pub(crate) fn count(&self) -> usize {
        self.heard.lock().expect("nobody panics here").values().map(Vec::len).sum()
    }

    /// The numbers of each key, in the order in which they came first.
    pub(crate) fn firsts(&self) -> HashMap<u32, Vec<u32>> {
        let heard = self.heard.lock().expect("nobody panics here");
        let first = |numbers: &Vec<u32>| {
            let mut seen = Vec::new();
            for number in numbers {
                if !seen.contains(number) {
                    seen.push(*number);
                }
            }
            seen
        };
        heard.iter().map(|(key, numbers)| (*key, first(numbers))).collect()
    }

    /// How many different numbers have come.
    pub(crate) fn distinct(&self) -> usize {
        self.firsts().values().map(Vec::len).sum()
    }
}
