//! Which streams an event goes to, as last read from the server.
//!
//! The table changes only when a group is new, or hears more or less. Whoever
//! publishes reads its version behind what was published: if it is another than
//! that of the table in use, groups may have been left out, and get it then.

use std::collections::HashMap;
use std::sync::Arc;

use anywise_core::Result;
use redis::{Pipeline, Value, cmd};

use crate::connection::Connection;
use crate::entry::{array, text};
use crate::error::refused;
use crate::names::{Names, of_route};

/// Which streams an event goes to.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// Which state of the table it is; nothing before there was any group.
    pub(crate) version: Option<String>,
    streams: HashMap<String, Vec<Arc<str>>>,
}

impl Routes {
    /// The streams of the groups that listen to an event.
    pub(crate) fn of(&self, event: &str) -> &[Arc<str>] {
        self.streams.get(event).map_or(&[], Vec::as_slice)
    }

    /// Reads the table as it is now.
    pub(crate) async fn read(connection: &Connection, names: &Names) -> Result<Self> {
        let mut pipeline = Pipeline::new();
        pipeline.add_command(cmd("GET").arg(names.version()).to_owned());
        pipeline.add_command(cmd("HKEYS").arg(names.routes()).to_owned());
        let answer = connection.ask_atomic("reading its routes", &mut pipeline).await?;
        let unexpected = |why| refused(anywise_core::Kind::Internal, connection.address(), why);
        let [version, fields] = <[Value; 2]>::try_from(answer).unwrap_or_default();
        let fields = array(fields).map_err(unexpected)?;
        Ok(Self::new(known(version), fields.into_iter().map(text), names))
    }

    fn new(version: Option<String>, fields: impl Iterator<Item = String>, names: &Names) -> Self {
        let mut streams: HashMap<String, Vec<Arc<str>>> = HashMap::new();
        for field in fields {
            if let Some((event, group)) = of_route(&field) {
                streams.entry(event.to_owned()).or_default().push(names.stream(group).into());
            }
        }
        Self { version, streams }
    }
}

/// A version in an answer.
pub(crate) fn known(value: Value) -> Option<String> {
    (value != Value::Nil).then(|| text(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_goes_to_the_groups_that_ask_for_it() {
        let fields = [("a.B", "one"), ("a.B", "two"), ("a.BC", "one")];
        let fields = fields.iter().map(|(event, group)| format!("{event} -> {group}"));
        let routes = Routes::new(Some("1".into()), fields, &Names::new("p"));
        let of =
            |event: &str| routes.of(event).iter().map(|stream| (**stream).to_owned()).collect::<Vec<_>>();
        assert_eq!(of("a.B"), ["p:group:one", "p:group:two"]);
        assert_eq!(of("a.BC"), ["p:group:one"]);
        assert!(of("a.C").is_empty());
    }
}
