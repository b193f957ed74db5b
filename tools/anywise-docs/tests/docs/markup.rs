//! Reads our HTML strictly: it fails on anything but well-formed tags with quoted attributes.

/// A start tag.
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// The text up to the next tag.
    pub(crate) text: String,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

const VOID: [&str; 7] = ["br", "hr", "img", "input", "link", "meta", "wbr"];

/// All start tags of a page, after checking that tags are balanced.
pub(crate) fn tags(path: &str, page: &str) -> Vec<Tag> {
    let mut rest = page.strip_prefix("<!doctype html>").unwrap_or_else(|| panic!("{path} has no doctype"));
    let mut open: Vec<String> = Vec::new();
    let mut tags: Vec<Tag> = Vec::new();
    while let Some(start) = rest.find('<') {
        if let Some(tag) = tags.last_mut() {
            tag.text.push_str(&rest[..start]);
        }
        let end = start + rest[start..].find('>').unwrap_or_else(|| panic!("{path}: a tag does not end"));
        let inside = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{path}: unbalanced near {rest:.80}");
            continue;
        }
        let inside = inside.strip_suffix(" /").or_else(|| inside.strip_suffix('/')).unwrap_or(inside);
        let closed = inside.len() + 2 < end - start + 1;
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{path}: tag {name:?}");
        if !closed && !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        tags.push(Tag {
            name: name.to_owned(),
            attributes: self::attributes(path, attributes),
            text: String::new(),
        });
    }
    assert!(open.is_empty(), "{path}: {open:?} left open");
    tags
}

fn attributes(path: &str, mut rest: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) =
            rest.split_once("=\"").unwrap_or_else(|| panic!("{path}: unquoted attribute {rest:?}"));
        let (value, after) =
            after.split_once('"').unwrap_or_else(|| panic!("{path}: attribute {name} does not end"));
        attributes.push((name.trim().to_owned(), value.to_owned()));
        rest = after;
    }
    attributes
}
