//! What a message attribute said: names, versions, routes.

use super::{MessageKind, Site, TypeInfo};

/// How HTTP reaches a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpTemplate {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) location: Option<&'static str>,
}

/// What a message attribute said.
#[derive(Debug)]
pub struct MessageMeta {
    pub(crate) kind: MessageKind,
    pub(crate) type_name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) site: Site,
    pub(crate) docs: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) version: u32,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) key: Option<&'static str>,
    pub(crate) http: Option<HttpTemplate>,
    pub(crate) families: &'static [fn() -> TypeInfo],
    pub(crate) unit: bool,
}

#[doc(hidden)]
impl MessageMeta {
    const fn new(kind: MessageKind, type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self {
            kind,
            type_name,
            module,
            site,
            docs: "",
            name: None,
            version: 1,
            aliases: &[],
            key: None,
            http: None,
            families: &[],
            unit: false,
        }
    }

    pub const fn command(type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self::new(MessageKind::Command, type_name, module, site)
    }

    pub const fn query(type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self::new(MessageKind::Query, type_name, module, site)
    }

    pub const fn event(type_name: &'static str, module: &'static str, site: Site) -> Self {
        Self::new(MessageKind::Event, type_name, module, site)
    }

    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    #[must_use]
    pub const fn key(mut self, field: &'static str) -> Self {
        self.key = Some(field);
        self
    }

    #[must_use]
    pub const fn http(
        mut self,
        method: &'static str,
        path: &'static str,
        status: Option<u16>,
        location: Option<&'static str>,
    ) -> Self {
        self.http = Some(HttpTemplate { method, path, status, location });
        self
    }

    #[must_use]
    pub const fn families(mut self, families: &'static [fn() -> TypeInfo]) -> Self {
        self.families = families;
        self
    }

    #[must_use]
    pub const fn unit(mut self) -> Self {
        self.unit = true;
        self
    }
}

/// What makes a message type itself: module, name and place.
pub(crate) type MessageId = (&'static str, &'static str, Site);

impl MessageMeta {
    pub(crate) fn id(&self) -> MessageId {
        (self.module, self.type_name, self.site)
    }

    /// Command, query or event.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The Rust type's name without its path.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Where the attribute stands.
    pub fn site(&self) -> Site {
        self.site
    }

    /// Version of the shape, from 1.
    pub fn version_number(&self) -> u32 {
        self.version
    }

    /// The linked message with this wire name.
    ///
    /// # Examples
    /// ```
    /// # use anywise::prelude::*;
    /// anywise::slice!(SLICE = "till", "Takes money.");
    ///
    /// #[command(http = "POST /charges")]
    /// struct Charge;
    ///
    /// #[handler]
    /// fn charge(_: Charge) {}
    ///
    /// let meta = anywise::MessageMeta::find("till.Charge").unwrap();
    /// assert_eq!(meta.route(), Some(("POST", "/charges")));
    /// ```
    pub fn find(wire_name: &str) -> Option<&'static Self> {
        crate::registry::registry().named(wire_name)
    }

    /// The slice it belongs to.
    pub fn slice(&self) -> &'static str {
        crate::registry::registry().slice_of(self.module)
    }

    /// Method in capitals and path template, if HTTP reaches it.
    pub fn route(&self) -> Option<(&'static str, &'static str)> {
        self.http.map(|http| (http.method, http.path))
    }

    /// JSON Schema (draft 2020-12) of its body, made anew by each call; `None`
    /// if it never leaves the process.
    pub fn schema(&self) -> Option<serde_json::Value> {
        crate::registry::registry().wire(self).map(crate::startup::describe::schema)
    }

    /// Whether it never leaves the process.
    pub(crate) fn is_local(&self) -> bool {
        crate::registry::registry().wire(self).is_none()
    }

    /// The wire name, `slice.TypeName` unless the attribute named it.
    pub fn wire_name(&self) -> &'static str {
        crate::registry::registry().wire_name(self)
    }
}
