//! File names for things whose names we did not choose.

use std::collections::{BTreeMap, BTreeSet};

/// Longest file name before its ending; every file system allows it.
const LONGEST: usize = 120;

/// Names to file names: legal everywhere, and distinct even where case is ignored.
#[derive(Debug, Default)]
pub(crate) struct Slugs(BTreeMap<String, String>);

impl Slugs {
    /// Gives every name a file name; the same names always get the same ones.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let mut taken = BTreeSet::new();
        let mut slugs = BTreeMap::new();
        for name in names {
            let plain = slug(name);
            let mut free = plain.clone();
            for n in 2_u32.. {
                if taken.insert(free.to_ascii_lowercase()) {
                    break;
                }
                free = format!("{plain}-{n}");
            }
            slugs.insert(name.to_owned(), free);
        }
        Self(slugs)
    }

    /// The file name of a name given before.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A name in the letters that need no escaping in a path, an address or an `id`.
pub(crate) fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.replace("::", ".").chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => out.push(c),
            // Never first and never twice: no hidden files, no `..`.
            _ if out.is_empty() || out.ends_with(['.', '-']) => {}
            '.' => out.push('.'),
            _ => out.push('-'),
        }
        if out.len() == LONGEST {
            break;
        }
    }
    let end = out.trim_end_matches(['.', '-']).len();
    out.truncate(end);
    if out.is_empty() { "unnamed".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_legal_file_names() {
        for (name, expected) in [
            ("payment.PaymentSettled", "payment.PaymentSettled"),
            ("shop_payment::handlers::create_payment", "shop_payment.handlers.create_payment"),
            ("../../etc/passwd", "etc-passwd"),
            ("<script>alert(1)</script>", "script-alert-1-script"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("größe", "gr-e"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert_eq!(slug(&"x".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn names_that_look_alike_get_different_files() {
        let slugs = Slugs::of(["a.Order", "a.order", "a/Order"]);
        let files: BTreeSet<_> =
            ["a.Order", "a.order", "a/Order"].iter().filter_map(|n| slugs.get(n)).collect();
        assert_eq!(files, BTreeSet::from(["a.Order", "a.order-2", "a-Order"]));
    }
}
