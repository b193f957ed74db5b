//! Configuration: sections read into structs that functions borrow.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use std::sync::Arc;

use crate::message::{Site, TypeInfo};
use crate::startup::dependency::{Built, Dependency};

/// Registers a configuration struct.
pub struct ConfigEntry {
    pub(crate) prefix: &'static str,
    pub(crate) module: &'static str,
    pub(crate) site: Site,
    pub(crate) info: fn() -> TypeInfo,
    pub(crate) read: fn(&Value) -> Result<Built, String>,
}

impl ConfigEntry {
    #[doc(hidden)]
    pub const fn of<T: DeserializeOwned + JsonSchema + Dependency>(
        prefix: &'static str,
        module: &'static str,
        site: Site,
    ) -> Self {
        Self { prefix, module, site, info: TypeInfo::of::<T>, read: read::<T> }
    }
}

inventory::collect!(ConfigEntry);

fn read<T: DeserializeOwned + Dependency>(section: &Value) -> Result<Built, String> {
    match serde_path_to_error::deserialize::<_, T>(section) {
        Ok(value) => Ok(Built::new(Arc::new(value))),
        Err(error) => {
            let path = error.path().to_string();
            let within = if path == "." { String::new() } else { format!("`{path}`: ") };
            Err(format!("{within}{}", error.into_inner()))
        }
    }
}

/// The section `prefix` (dots go deeper) of the configuration; empty if absent.
pub(crate) fn section(config: &Value, prefix: &str) -> Value {
    let found = prefix.split('.').try_fold(config, |at, part| at.get(part));
    found.cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

/// Puts `value` at the dotted `path`, making objects on the way.
pub(crate) fn set(config: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *config = value;
        return;
    };
    if !config.is_object() {
        *config = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(map) = config {
        set(map.entry(*first).or_insert(Value::Null), rest, value);
    }
}
