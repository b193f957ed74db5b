//! What things are called at the server: subjects, streams, consumers.
//!
//! | what | name |
//! |---|---|
//! | an event | subject `<prefix>.<wire name>` |
//! | a command or query | subject `<prefix>.request.<wire name>` |
//! | a dead letter | subject `<prefix>.dead.<group>` |
//! | the events' stream | the prefix in capitals, such as `SHOP` |
//! | the dead letters' stream | the same with `_DEAD` |
//! | a group | a durable consumer of the events' stream, named after it |

use std::collections::BTreeSet;

use anywise_core::{Result, Uuid};

use crate::error::unusable;

/// First words of subjects that are no events'.
const RESERVED: [&str; 2] = ["request", "dead"];

/// The names below one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn of(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Whether the prefix can be one.
    pub(crate) fn check(&self) -> Result<()> {
        check("the prefix", &self.prefix)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The subject of an event.
    pub(crate) fn event(&self, name: &str) -> Result<String> {
        check("the message name", name)?;
        let first = first(name);
        if RESERVED.contains(&first) {
            return Err(unusable(
                "the message name",
                name,
                "events whose name begins with this word are not",
            ));
        }
        Ok(format!("{}.{name}", self.prefix))
    }

    /// The subject of a command or query.
    pub(crate) fn request(&self, name: &str) -> Result<String> {
        check("the message name", name)?;
        Ok(format!("{}.request.{name}", self.prefix))
    }

    /// The subject of a group's dead letters.
    pub(crate) fn dead(&self, group: &str) -> String {
        format!("{}.dead.{}", self.prefix, self.consumer(group))
    }

    /// The subjects of all dead letters.
    pub(crate) fn all_dead(&self) -> String {
        format!("{}.dead.>", self.prefix)
    }

    /// What the stream must take in for these events: a subject for all events
    /// of a slice, so that one more needs no change.
    pub(crate) fn taken_in<'n>(&self, events: impl IntoIterator<Item = &'n str>) -> Result<BTreeSet<String>> {
        let of_slice = |name: &str| {
            let subject = self.event(name)?;
            Ok(match name.split_once('.') {
                Some((slice, _)) => format!("{}.{slice}.>", self.prefix),
                None => subject,
            })
        };
        events.into_iter().map(of_slice).collect()
    }

    /// The stream of the events.
    pub(crate) fn stream(&self) -> String {
        let word = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_uppercase() } else { '_' };
        self.prefix.chars().map(word).collect()
    }

    /// The stream of the dead letters.
    pub(crate) fn dead_stream(&self) -> String {
        format!("{}_DEAD", self.stream())
    }

    /// The consumer of a group: its name, if NATS allows it.
    #[expect(clippy::unused_self, reason = "all names are asked for in one place")]
    pub(crate) fn consumer(&self, group: &str) -> String {
        plain(group)
    }
}

/// A name as NATS allows it for consumers, services and queue groups: letters,
/// digits, `-` and `_`. What is changed stays different from all others.
pub(crate) fn plain(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(allowed) {
        return name.to_owned();
    }
    let known: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    let mark = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple().to_string();
    format!("{known}-{}", &mark[..8])
}

fn first(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

fn check(what: &str, name: &str) -> Result<()> {
    if name.split('.').any(str::is_empty) {
        return Err(unusable(what, name, "there is nothing between two dots"));
    }
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '>');
    if name.contains(forbidden) {
        return Err(unusable(what, name, "spaces, `*` and `>` mean something else there"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::of("shop")
    }

    #[test]
    fn everything_is_below_the_prefix() {
        assert_eq!(names().event("order.OrderPaid").unwrap(), "shop.order.OrderPaid");
        assert_eq!(names().request("stock.Reserve").unwrap(), "shop.request.stock.Reserve");
        assert_eq!(names().dead("stock"), "shop.dead.stock");
        assert_eq!((names().stream().as_str(), names().dead_stream().as_str()), ("SHOP", "SHOP_DEAD"));
        assert_eq!(Names::of("shop.eu west").stream(), "SHOP_EU_WEST");
    }

    #[test]
    fn a_slice_is_taken_in_as_a_whole() {
        let taken = names().taken_in(["order.OrderPaid", "order.OrderShipped", "Rang"]).unwrap();
        assert_eq!(taken.into_iter().collect::<Vec<_>>(), ["shop.Rang", "shop.order.>"]);
    }

    #[test]
    fn what_cannot_be_a_subject_is_refused() {
        for name in ["", "a..b", ".a", "a.", "a b.c", "a.*", "a.>", "a\r\n"] {
            assert_eq!(names().event(name).unwrap_err().code(), "AW2022", "{name:?}");
        }
        for name in ["request.Made", "dead.Buried", "dead"] {
            assert_eq!(names().event(name).unwrap_err().code(), "AW2022", "{name:?}");
            assert!(names().request(name).is_ok());
        }
        assert!(Names::of("a b").check().is_err());
    }

    #[test]
    fn a_groups_name_stays_its_own() {
        assert_eq!(plain("stock"), "stock");
        assert_ne!(plain("a.b"), plain("a_b"));
        assert_ne!(plain("a.b"), plain("a/b"));
        assert!(plain("a.b").starts_with("a_b-"));
        assert!(plain("").len() > 1);
    }
}
