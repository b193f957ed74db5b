//! The one way text becomes markup: everything is escaped on its way in.
//!
//! [`Html`] can only be made from escaped text, from an [`Element`], from markup
//! written in this crate's source (`&'static str`), or by the Markdown renderer,
//! which has its own filter. Element and attribute names are `&'static str`, so
//! nothing from a catalog can become one.

use std::fmt::{self, Display, Write};

/// Finished markup, safe to place in a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Html(String);

impl Html {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Markup written by hand in this crate.
    pub(crate) fn trusted(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// Markup that the Markdown filter has produced.
    pub(crate) fn filtered(markup: String) -> Self {
        Self(markup)
    }

    /// Appends a piece.
    pub(crate) fn push(&mut self, piece: impl Into<Html>) {
        self.0.push_str(&piece.into().0);
    }

    /// True when there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The markup itself.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        escape_into(text, &mut out);
        Self(out)
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Html {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl<T: Into<Html>> From<Option<T>> for Html {
    fn from(piece: Option<T>) -> Self {
        piece.map_or_else(Self::empty, Into::into)
    }
}

impl<T: Into<Html>> FromIterator<T> for Html {
    fn from_iter<I: IntoIterator<Item = T>>(pieces: I) -> Self {
        let mut out = Self::empty();
        for piece in pieces {
            out.push(piece);
        }
        out
    }
}

/// Elements without content or end tag.
const VOID: [&str; 5] = ["br", "input", "link", "meta", "wbr"];

/// An element under construction.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    attributes: String,
    body: String,
}

/// Starts an element.
pub(crate) fn el(name: &'static str) -> Element {
    Element { name, attributes: String::new(), body: String::new() }
}

impl Element {
    /// Adds an attribute; its value is escaped.
    pub(crate) fn attr(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push(' ');
        self.attributes.push_str(name);
        self.attributes.push_str("=\"");
        write!(Escaped(&mut self.attributes), "{value}").expect("writing to a String cannot fail");
        self.attributes.push('"');
        self
    }

    /// Adds an attribute when there is a value for it.
    pub(crate) fn attr_if(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Adds the `class` attribute.
    pub(crate) fn class(self, names: impl Display) -> Self {
        self.attr("class", names)
    }

    /// Appends a piece; text is escaped.
    pub(crate) fn add(mut self, piece: impl Into<Html>) -> Self {
        self.body.push_str(&piece.into().0);
        self
    }

    /// Appends every piece.
    pub(crate) fn each<T: Into<Html>>(mut self, pieces: impl IntoIterator<Item = T>) -> Self {
        for piece in pieces {
            self.body.push_str(&piece.into().0);
        }
        self
    }
}

impl From<Element> for Html {
    fn from(element: Element) -> Self {
        let Element { name, attributes, body } = element;
        Self(if VOID.contains(&name) {
            format!("<{name}{attributes}>")
        } else {
            format!("<{name}{attributes}>{body}</{name}>")
        })
    }
}

/// A writer that escapes what passes through it.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape_into(text, self.0);
        Ok(())
    }
}

/// Whether a reader, and a form, gets exactly this text.
pub(crate) fn is_shown_as_it_is(text: &str) -> bool {
    !text.chars().any(misleads)
}

/// Control characters are not allowed in HTML; the others turn the order of the
/// words around them, so that a name reads as another.
fn misleads(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{8}'
            | '\u{b}'
            | '\u{c}'
            | '\u{e}'..='\u{1f}'
            | '\u{7f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if misleads(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(piece: impl Into<Html>, expected: &str) {
        assert_eq!(piece.into().into_string(), expected);
    }

    #[test]
    fn text_is_escaped_wherever_it_goes() {
        check("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;");
        check(el("p").add("<script>"), "<p>&lt;script&gt;</p>");
        check(el("a").attr("href", "\" onclick=\"x"), "<a href=\"&quot; onclick=&quot;x\"></a>");
    }

    #[test]
    fn elements_are_not_escaped_twice() {
        check(el("ul").each(["a", "<"].map(|t| el("li").add(t))), "<ul><li>a</li><li>&lt;</li></ul>");
    }

    #[test]
    fn void_elements_have_no_end_tag() {
        check(el("wbr"), "<wbr>");
    }

    #[test]
    fn characters_that_mislead_are_replaced() {
        check("a\0b\u{1b}[2Jc\td", "a\u{fffd}b\u{fffd}[2Jc\td");
        check("a\u{202e}b", "a\u{fffd}b");
    }
}
