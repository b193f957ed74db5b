//! What things are called on the server.

/// Consumer that holds what was given back, until somebody takes it.
pub(crate) const RETURNED: &str = "returned";

/// The names below one prefix.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Which group listens to which event: a hash.
    pub(crate) fn routes(&self) -> String {
        format!("{}:routes", self.prefix)
    }

    /// Changes whenever the routes do.
    pub(crate) fn version(&self) -> String {
        format!("{}:version", self.prefix)
    }

    /// The stream of what waits for a group.
    pub(crate) fn stream(&self, group: &str) -> String {
        format!("{}:group:{group}", self.prefix)
    }

    /// The stream of what a group could not handle.
    pub(crate) fn dead(&self, group: &str) -> String {
        format!("{}:dead:{group}", self.prefix)
    }

    /// The consumer group of a group.
    pub(crate) fn group(&self, group: &str) -> String {
        format!("{}.{group}", self.prefix)
    }

    /// Where events are said to come from.
    pub(crate) fn source(&self) -> String {
        format!("/{}", self.prefix)
    }
}

/// The event and the group that a field of the routes is for.
pub(crate) fn of_route(field: &str) -> Option<(&str, &str)> {
    field.rsplit_once(ARROW)
}

/// Stands between an event and its group in a field of the routes.
pub(crate) const ARROW: &str = " -> ";
