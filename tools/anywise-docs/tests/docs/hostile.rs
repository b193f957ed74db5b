//! A catalog written by an attacker: whatever its text says, the pages only hold what we put there.

use crate::{html, markup::tags, page, shop, text};
use anywise_core::catalog::Catalog;
use anywise_docs::{Site, flow::Flow, markdown};
use serde_json::Value;

/// Text that has got into pages elsewhere.
pub(crate) const ATTACKS: [&str; 22] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea></style></svg><img src=x onerror=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "\" onfocus=\"alert(1)\" autofocus=\"",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](  JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.example/x)",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example> <javascript:alert(1)>",
    "[a]\n\n[a]: javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "../../../etc/passwd\0\u{202e}\u{2028}",
    "# <b onclick=alert(1)>x\n\n```html\"><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```",
    "|a|b|\n|:-:|-|\n|<i onclick=alert(1)>|`</code><script>`|",
];

/// The shop with an attack in (nearly) every string, consistently, so that names still meet.
pub(crate) fn attacked(attack: &str) -> Catalog {
    fn spoil(value: &mut Value, attack: &str) {
        match value {
            Value::String(text) if !KINDS.contains(&text.as_str()) => text.push_str(attack),
            Value::Array(all) => all.iter_mut().for_each(|one| spoil(one, attack)),
            Value::Object(all) => all.values_mut().for_each(|one| spoil(one, attack)),
            _ => {}
        }
    }
    /// Words with a fixed meaning in the model.
    const KINDS: [&str; 7] = ["command", "query", "event", "handler", "listener", "guard", "provider"];
    let mut value = serde_json::to_value(shop()).expect("a catalog is JSON");
    spoil(&mut value, attack);
    serde_json::from_value(value).expect("still a catalog")
}

const TAGS: [&str; 62] = [
    "a",
    "article",
    "blockquote",
    "body",
    "br",
    "button",
    "circle",
    "code",
    "dd",
    "del",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "footer",
    "form",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "input",
    "kbd",
    "label",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "script",
    "search",
    "section",
    "small",
    "span",
    "strong",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "textarea",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
    "wbr",
];

const ATTRIBUTES: [&str; 51] = [
    "action",
    "aria-autocomplete",
    "aria-controls",
    "aria-current",
    "aria-describedby",
    "aria-expanded",
    "aria-hidden",
    "aria-keyshortcuts",
    "aria-label",
    "aria-labelledby",
    "aria-pressed",
    "autocomplete",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "d",
    "data-from",
    "data-label",
    "data-node",
    "data-root",
    "data-to",
    "datetime",
    "defer",
    "for",
    "height",
    "hidden",
    "href",
    "id",
    "lang",
    "method",
    "name",
    "placeholder",
    "r",
    "rel",
    "role",
    "rows",
    "rx",
    "scope",
    "spellcheck",
    "src",
    "start",
    "tabindex",
    "title",
    "type",
    "value",
    "viewBox",
    "width",
    "x",
    "y",
];

#[test]
fn an_attack_in_every_string_changes_no_markup() {
    for attack in ATTACKS {
        let catalog = attacked(attack);
        let pages = Site::new(&catalog).source_base("https://git.example/blob/main").render();
        for page in html(&pages) {
            check_markup(attack, &page.path, text(page));
        }
    }
}

/// Checks that the page holds our markup only.
pub(crate) fn check_markup(attack: &str, path: &str, page: &str) {
    for tag in tags(path, page) {
        let what = format!("{attack:?} in {path}: <{}>", tag.name);
        assert!(TAGS.contains(&tag.name.as_str()), "{what}");
        for (name, value) in &tag.attributes {
            assert!(ATTRIBUTES.contains(&name.as_str()), "{what} has {name}={value:?}");
        }
        if tag.name == "script" {
            assert!(tag.text.is_empty(), "{what} holds {:?}", tag.text);
            let own = |src: &str| ["theme.js", "site.js"].iter().any(|own| src.ends_with(own));
            assert!(tag.get("src").is_some_and(own), "{what}");
        }
        if let Some(src) = tag.get("src") {
            assert!(src.trim_start_matches("../").starts_with("assets/"), "{what} loads {src}");
        }
        if let Some(href) = tag.get("href") {
            let scheme = href.split(['/', '?', '#']).next().unwrap_or_default();
            assert!(!scheme.contains(':') || href.starts_with("https://"), "{what} leads to {href}");
            assert!(!href.starts_with("//"), "{what} leads to {href}");
            assert!(tag.name != "link" || !href.contains(':'), "{what} loads {href}");
        }
    }
}

#[test]
fn paths_stay_below_the_root() {
    for attack in ATTACKS {
        let catalog = attacked(attack);
        for page in Site::new(&catalog).render().into_iter().chain(markdown(&catalog)) {
            let legal = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
            assert!(
                page.path.chars().all(legal) && !page.path.contains("..") && !page.path.starts_with('/'),
                "{}",
                page.path
            );
        }
    }
}

#[test]
fn the_search_index_is_data_only() {
    for attack in ATTACKS {
        let catalog = attacked(attack);
        let pages = Site::new(&catalog).render();
        let script = text(page(&pages, "assets/search-index.js"));
        let rows =
            script.strip_prefix("globalThis.anywiseIndex = ").and_then(|rest| rest.strip_suffix(";\n"));
        let rows: Vec<Vec<String>> = serde_json::from_str(rows.expect("one assignment")).expect("JSON");
        assert_eq!(rows.len(), catalog.slices.len() + catalog.messages.len() + catalog.functions.len());
    }
}

#[test]
fn markdown_holds_no_html_and_no_unsafe_link() {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    for attack in ATTACKS {
        let catalog = attacked(attack);
        for page in markdown(&catalog) {
            for event in Parser::new_ext(text(&page), Options::ENABLE_TABLES) {
                match event {
                    Event::Html(html) | Event::InlineHtml(html) => {
                        panic!("{attack:?} in {}: {html}", page.path)
                    }
                    Event::Start(Tag::Image { dest_url, .. }) => {
                        panic!("{attack:?} in {}: image {dest_url}", page.path)
                    }
                    Event::Start(Tag::Link { dest_url, .. }) => {
                        let scheme = dest_url.split(['/', '?', '#']).next().unwrap_or_default();
                        assert!(
                            !scheme.contains(':') || dest_url.starts_with("https://"),
                            "{attack:?} in {}: {dest_url}",
                            page.path
                        );
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn mermaid_labels_stay_within_their_quotes() {
    for attack in ATTACKS {
        let flow = Flow::application(&attacked(attack)).mermaid();
        for line in flow.lines().skip(1) {
            assert!(line.starts_with("  n") || line.starts_with("  class"), "{attack:?}: {line}");
            assert!(!line.contains('<') && line.matches('"').count() % 2 == 0, "{attack:?}: {line}");
        }
    }
}
