//! Header names and values of a message.
//!
//! All text lies in one string, so that the dozen headers of an HTTP request
//! cost two allocations to take over, and two to copy.

use std::fmt;

use crate::envelope::RESERVED_PREFIX;

/// Header names (lower case) and values.
///
/// # Examples
/// ```
/// use anywise_core::Headers;
///
/// let mut headers = Headers::default();
/// headers.insert("Tenant", "acme");
/// assert_eq!(headers.get("TENANT"), Some("acme"));
/// assert_eq!(headers.iter().collect::<Vec<_>>(), [("tenant", "acme")]);
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    text: String,
    spans: Vec<Span>,
}

/// Where a name and, right behind it, its value lie.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    name: usize,
    value: usize,
}

impl Span {
    fn name(self, text: &str) -> &str {
        &text[self.start..self.start + self.name]
    }

    fn value(self, text: &str) -> &str {
        let start = self.start + self.name;
        &text[start..start + self.value]
    }
}

impl Headers {
    /// None yet, with room for `count` headers of `bytes` bytes together.
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), spans: Vec::with_capacity(count) }
    }

    /// The value of `name`, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let span = self.spans.iter().find(|span| span.name(&self.text).eq_ignore_ascii_case(name))?;
        Some(span.value(&self.text))
    }

    /// Sets `name`, in place of an earlier value.
    pub fn insert(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let span = Span { start: self.text.len(), name: name.len(), value: value.len() };
        self.text.push_str(name);
        self.text[span.start..].make_ascii_lowercase();
        self.text.push_str(value);
        let text = &self.text;
        // Lengths differ more often than not, and are compared first.
        match self.spans.iter_mut().find(|known| known.name(text) == span.name(text)) {
            // The text of the earlier value stays behind, unused.
            Some(known) => *known = span,
            None => self.spans.push(span),
        }
    }

    /// Names and values, in the order in which the names were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.spans.iter().map(|span| (span.name(&self.text), span.value(&self.text)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Drops the headers only the framework may set.
    ///
    /// An ingress calls this on what an untrusted caller sent.
    pub fn remove_reserved(&mut self) {
        let text = &self.text;
        self.spans.retain(|span| !span.name(text).starts_with(RESERVED_PREFIX));
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.spans.len() == other.spans.len()
            && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.insert(name, value);
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::Headers;

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let mut headers = Headers::from_iter([("B", "1"), ("a", "2"), ("b", "3")]);
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("b", "3"), ("a", "2")]);
        assert_eq!(headers, Headers::from_iter([("a", "2"), ("b", "3")]));
        headers.insert("aw-x", "4");
        headers.remove_reserved();
        assert_eq!((headers.get("AW-x"), headers.get("A"), headers.get("c")), (None, Some("2"), None));
    }
}
