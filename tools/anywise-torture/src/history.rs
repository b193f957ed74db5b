//! What the client asked for, and what it was told: the ledger of a run.
//!
//! Written before each request and after each answer; the parent is never
//! killed, so that it is complete.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::json;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A command whose handler writes a row and publishes a keyed event.
    Put,
    /// The same, and its handler fails after it has done both.
    Refuse,
    /// An event published from outside.
    Poke,
    /// A command kept for later.
    Late,
    /// A schedule that fires.
    Beat,
    /// A message whose listener always fails.
    Plant,
    /// A message that a broker delivers.
    Arrive,
    /// One that nobody can read, and that would be poison.
    Bury,
}

impl Ask {
    /// In the protocol.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Refuse => "refuse",
            Self::Poke => "poke",
            Self::Late => "late",
            Self::Beat => "beat",
            Self::Plant => "plant",
            Self::Arrive => "arrive",
            Self::Bury => "bury",
        }
    }

    /// Whether it ends as a dead letter.
    pub(crate) fn is_poison(self) -> bool {
        matches!(self, Self::Plant | Self::Bury)
    }

    /// The consumers that see each of these once.
    pub(crate) fn consumers(self) -> &'static [&'static str] {
        match self {
            Self::Put | Self::Refuse => &["ledger", "flaky", "echo"],
            Self::Poke | Self::Arrive => &["poke"],
            Self::Late => &["late"],
            Self::Beat => &["beat"],
            Self::Plant | Self::Bury => &["poison"],
        }
    }
}

/// One thing asked for, however often.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) ask: Ask,
    pub(crate) producer: u32,
    pub(crate) number: u64,
    pub(crate) key: String,
    pub(crate) amount: i64,
}

/// What the client may believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is kept.
    Ok,
    /// It has had no effect, and never will.
    Fail,
    /// Nobody knows.
    Info,
}

/// An operation and everything that was said of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) op: Op,
    told: Vec<Told>,
    invoked: usize,
}

impl Entry {
    /// An operation that was asked for once, and acknowledged or not answered.
    pub(crate) fn asked(op: Op, acked: bool) -> Self {
        Self { op, told: if acked { vec![Told::Ok] } else { Vec::new() }, invoked: 1 }
    }

    /// Acknowledged at least once.
    pub(crate) fn acked(&self) -> bool {
        self.told.contains(&Told::Ok)
    }

    /// Refused as often as it was asked for.
    pub(crate) fn refused(&self) -> bool {
        self.told.len() == self.invoked && self.told.iter().all(|told| *told == Told::Fail)
    }
}

/// All operations of a run, by id.
pub(crate) type Entries = BTreeMap<String, Entry>;

struct Book {
    entries: Entries,
    lines: Option<BufWriter<File>>,
}

/// The ledger.
pub(crate) struct History {
    began: Instant,
    book: Mutex<Book>,
}

impl History {
    /// A ledger in `file`, if one is given.
    pub(crate) fn new(file: Option<&Path>) -> std::io::Result<Self> {
        let lines = file.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self { began: Instant::now(), book: Mutex::new(Book { entries: Entries::new(), lines }) })
    }

    /// Before a request is sent.
    pub(crate) fn invoke(&self, id: &str, op: &Op) {
        self.line(&json!({"p": op.producer, "f": op.ask.name(), "id": id, "key": op.key, "type": "invoke"}));
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = book.entries.entry(id.to_owned());
        entry.or_insert_with(|| Entry { op: op.clone(), told: Vec::new(), invoked: 0 }).invoked += 1;
    }

    /// After its answer, or the lack of one.
    pub(crate) fn told(&self, id: &str, told: Told, code: &str) {
        let word = match told {
            Told::Ok => "ok",
            Told::Fail => "fail",
            Told::Info => "info",
        };
        self.line(&json!({"id": id, "type": word, "err": code}));
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = book.entries.get_mut(id) {
            entry.told.push(told);
        }
    }

    /// What the nemesis did.
    pub(crate) fn nemesis(&self, what: &str) {
        self.line(&json!({"p": "nemesis", "f": what}));
    }

    /// Everything so far.
    pub(crate) fn entries(&self) -> Entries {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = &mut book.lines {
            let _ = lines.flush();
        }
        book.entries.clone()
    }

    fn line(&self, line: &serde_json::Value) {
        let t = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut line = line.clone();
        line["t"] = json!(t);
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = &mut book.lines {
            let _ = writeln!(lines, "{line}");
        }
    }
}
