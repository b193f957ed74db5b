//! Streams of producers that know nothing of anywise.

use anywise_core::Foreign;

use crate::entry::Id;

/// A stream whose entries are all one message.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    /// Key of the stream.
    pub(crate) stream: String,
    /// Wire name of the message that its entries are.
    pub(crate) name: String,
    /// The field with the body.
    pub(crate) field: String,
}

impl Mapping {
    /// What an entry is, unless it says so itself.
    pub(crate) fn of(&self, id: Id) -> Foreign {
        Foreign::new(&self.name, format!("redis:{}/{id}", self.stream))
    }
}
