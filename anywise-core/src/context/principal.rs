//! On whose behalf.

use serde::{Deserialize, Serialize};

use super::scope::{FromContext, Scope};
use crate::error::{Error, Kind, Result};

/// On whose behalf a message is handled.
///
/// A guard that returns `Result<Principal>` sets it; it travels with caused
/// messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
}

impl Principal {
    /// A principal without scopes.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), scopes: Vec::new() }
    }

    /// Sets what the principal may do.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Who it is.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it may do.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// Whether the principal has the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

impl FromContext for Principal {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        if let Some(principal) = scope.provided::<Self>() {
            return Ok(Self::clone(&principal));
        }
        scope.existing().and_then(|extra| extra.head.principal.clone()).ok_or_else(|| nobody().as_absent())
    }
}

pub(super) fn nobody() -> Error {
    Error::new(Kind::Unauthenticated, "AW1101", "nobody is signed in")
}
