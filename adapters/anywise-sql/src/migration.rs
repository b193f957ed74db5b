//! The slices' own tables: statements embedded in the program, applied once.
//!
//! A slice names them with [`migrations!`](crate::migrations); the linker
//! collects them; the store applies those of the declared slices when it is
//! opened, each in a transaction of its own, in the order given.

use std::collections::{HashMap, HashSet};

use anywise_core::{Error, Kind, Result};

/// One step of a slice's tables. It never changes once it has been released.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its name, unique in the slice.
    pub name: &'static str,
    /// What is executed on SQLite: statements with `;` between them.
    pub sqlite: &'static str,
    /// The same on Postgres.
    pub postgres: &'static str,
}

impl Migration {
    /// A step in the SQL that both databases understand.
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sqlite: sql, postgres: sql }
    }

    /// A step that the two databases write differently.
    pub const fn each(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { name, sqlite, postgres }
    }
}

/// The steps of one slice, as the linker collects them.
#[derive(Debug)]
pub struct MigrationEntry {
    slice: &'static str,
    steps: &'static [Migration],
}

impl MigrationEntry {
    #[doc(hidden)]
    pub const fn new(slice: &'static str, steps: &'static [Migration]) -> Self {
        Self { slice, steps }
    }
}

inventory::collect!(MigrationEntry);

/// Names the tables of a slice: steps that are applied once each, in order.
///
/// # Examples
/// ```
/// anywise_sql::migrations!("order", [
///     "0001_orders" => "CREATE TABLE orders (id TEXT PRIMARY KEY, cents BIGINT NOT NULL)",
///     "0002_notes" => {
///         sqlite: "ALTER TABLE orders ADD COLUMN note TEXT",
///         postgres: "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note TEXT",
///     },
/// ]);
/// ```
#[macro_export]
macro_rules! migrations {
    ($slice:literal, [$($name:literal => $sql:tt),* $(,)?] $(,)?) => {
        $crate::migrations!(@collect $slice, [$($name => $sql),*]);
    };
    ($slice:literal, [$($name:literal => include_str!($path:literal)),* $(,)?] $(,)?) => {
        $crate::migrations!(@collect $slice, [$($name => (include_str!($path))),*]);
    };
    (@collect $slice:literal, [$($name:literal => $sql:tt),*]) => {
        const _: () = {
            $crate::__private::inventory::submit! {
                $crate::MigrationEntry::new($slice, &[$($crate::migrations!(@step $name, $sql)),*])
            }
        };
    };
    (@step $name:literal, { sqlite: $sqlite:expr, postgres: $postgres:expr $(,)? }) => {
        $crate::Migration::each($name, $sqlite, $postgres)
    };
    (@step $name:literal, $sql:expr) => {
        $crate::Migration::new($name, $sql)
    };
}

/// Which text of a step is meant.
pub(crate) type Dialect = fn(&Migration) -> &'static str;

/// A step that was applied, as `aw_migration` knows it.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) slice: String,
    pub(crate) name: String,
    /// [`sum`] of the text that was executed.
    pub(crate) sum: i64,
}

/// A step to apply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) slice: &'static str,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) sum: i64,
}

/// What tells a step's text from another.
pub(crate) fn sum(sql: &str) -> i64 {
    i64::from(crc32fast::hash(sql.as_bytes()))
}

/// The steps of `slices` that are not yet `applied`, in order.
///
/// # Errors
/// `AW7007`: the database knows a step that this program does not; `AW7008`:
/// a step was changed after it was applied.
pub(crate) fn pending(slices: &[&str], applied: &[Applied], dialect: Dialect) -> Result<Vec<Pending>> {
    let steps = inventory::iter::<MigrationEntry>()
        .filter(|entry| slices.contains(&entry.slice))
        .flat_map(|entry| entry.steps.iter().map(|step| (entry.slice, step)));
    plan(slices, steps, applied, dialect)
}

fn plan(
    slices: &[&str],
    steps: impl Iterator<Item = (&'static str, &'static Migration)>,
    applied: &[Applied],
    dialect: Dialect,
) -> Result<Vec<Pending>> {
    let done: HashMap<_, _> =
        applied.iter().map(|step| ((step.slice.as_str(), step.name.as_str()), step.sum)).collect();
    let (mut pending, mut known) = (Vec::new(), HashSet::new());
    for (slice, step) in steps {
        known.insert((slice, step.name));
        let sql = dialect(step);
        match done.get(&(slice, step.name)) {
            None => pending.push(Pending { slice, name: step.name, sql, sum: sum(sql) }),
            Some(applied) if *applied == sum(sql) => {}
            Some(_) => return Err(changed(slice, step.name)),
        }
    }
    let newer = done.keys().find(|step| slices.contains(&step.0) && !known.contains(*step));
    match newer {
        Some((slice, name)) => Err(newer_step(slice, name)),
        None => Ok(pending),
    }
}

fn newer_step(slice: &str, name: &str) -> Error {
    let text = format!(
        "the tables of `{slice}` are newer than this program: it does not know the migration `{name}`"
    );
    Error::new(Kind::Internal, "AW7007", text)
}

fn changed(slice: &str, name: &str) -> Error {
    let text = format!(
        "the migration `{name}` of `{slice}` was changed after it was applied: undo the change, and add a new one"
    );
    Error::new(Kind::Internal, "AW7008", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    static STEPS: [Migration; 2] = [Migration::new("1", "a"), Migration::new("2", "b")];

    fn check(applied: &[(&str, &str, &str)], expected: Result<&[&str], &str>) {
        let applied: Vec<_> = applied
            .iter()
            .map(|(slice, name, sql)| Applied { slice: (*slice).into(), name: (*name).into(), sum: sum(sql) })
            .collect();
        let steps = STEPS.iter().map(|step| ("order", step));
        let got = plan(&["order"], steps, &applied, |step| step.sqlite);
        let got = got.map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>());
        match expected {
            Ok(names) => assert_eq!(got.unwrap(), names),
            Err(code) => assert_eq!(got.unwrap_err().code(), code),
        }
    }

    #[test]
    fn each_step_is_applied_once_and_in_order() {
        check(&[], Ok(&["1", "2"]));
        check(&[("order", "1", "a")], Ok(&["2"]));
        check(&[("order", "1", "a"), ("order", "2", "b")], Ok(&[]));
    }

    #[test]
    fn another_slice_is_not_looked_at() {
        check(&[("payment", "9", "z")], Ok(&["1", "2"]));
    }

    #[test]
    fn what_is_newer_than_the_program_or_was_changed_is_refused() {
        check(&[("order", "3", "c")], Err("AW7007"));
        check(&[("order", "1", "not a")], Err("AW7008"));
    }
}
