//! What an attribute stands on, named as every error names it.

use std::fmt;

/// The item under an attribute: the kind of thing it is to be and the name the user gave it.
pub(crate) struct Subject {
    /// The word for it: `handler`, `command`, `guard` …
    pub(crate) kind: &'static str,
    /// The user's name for it.
    pub(crate) name: String,
}

impl Subject {
    /// A subject of this kind and name.
    pub(crate) fn new(kind: &'static str, name: &dyn fmt::Display) -> Self {
        let name = name.to_string();
        Self { kind, name }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}
