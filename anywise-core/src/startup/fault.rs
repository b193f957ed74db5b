//! What is wrong with an application's wiring: every fault at once.

use std::fmt;

use crate::message::Site;

/// One fault found at start-up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WiringFault {
    /// Stable code; `docs/errors` has a page for each.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where: the user's file and line.
    pub sites: Vec<String>,
    /// How to mend it.
    pub help: String,
}

impl WiringFault {
    pub(crate) fn new(
        code: &'static str,
        message: impl Into<String>,
        sites: impl IntoIterator<Item = Site>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            sites: sites.into_iter().map(|site| site.to_string()).collect(),
            help: help.into(),
        }
    }
}

impl fmt::Display for WiringFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code, self.message)?;
        for site in &self.sites {
            write!(f, "\n    at {site}")?;
        }
        write!(f, "\n    help: {}", self.help)
    }
}

/// Why an application could not be built.
///
/// Both its `Display` and its `Debug` form list every fault, so that a `main`
/// that returns it shows them all.
pub struct BuildError {
    application: String,
    faults: Vec<WiringFault>,
}

impl BuildError {
    pub(crate) fn new(application: &str, mut faults: Vec<WiringFault>) -> Self {
        faults.sort_by(|a, b| (a.code, &a.sites, &a.message).cmp(&(b.code, &b.sites, &b.message)));
        Self { application: application.to_owned(), faults }
    }

    /// The faults, by code and place.
    pub fn faults(&self) -> &[WiringFault] {
        &self.faults
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, s) = (self.faults.len(), if self.faults.len() == 1 { "" } else { "s" });
        write!(f, "application `{}` cannot start: {count} wiring fault{s}", self.application)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n\n  {fault}"))
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
