//! Doc comments: Markdown written by anyone, made safe to show.
//!
//! Raw HTML becomes text, links keep only addresses that [`url::is_safe`] allows,
//! images become links (a page loads nothing from elsewhere), and headings are
//! moved below the page's own.

use crate::{html::Html, url};
use pulldown_cmark::{
    Alignment, BrokenLink, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
};

/// Finds the page of something named in a doc comment, as in ``[`OrderPaid`]``.
pub(crate) type Resolve<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The level of a doc comment's first heading: below the title of the page.
const FIRST_HEADING: usize = 2;

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// Renders a doc comment for the site.
pub(crate) fn to_html(docs: &str, resolve: &Resolve<'_>) -> Html {
    let mut named = |link: BrokenLink<'_>| {
        let page = resolve(link.reference.trim_matches('`'))?;
        Some((CowStr::from(page), CowStr::from("")))
    };
    let parser = Parser::new_with_broken_link_callback(docs, options(), Some(&mut named));
    let mut filter = Filter::default();
    let events: Vec<_> = parser.filter_map(|event| filter.pass(event, resolve)).collect();
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events.into_iter());
    Html::filtered(out)
}

/// What the filter remembers between events.
#[derive(Default)]
struct Filter {
    /// For every open link or image: whether its tag was let through.
    links: Vec<bool>,
    /// The document's own level and ours, of the last heading.
    heading: Option<(usize, usize)>,
}

impl Filter {
    fn pass<'a>(&mut self, event: Event<'a>, resolve: &Resolve<'_>) -> Option<Event<'a>> {
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. }) => {
                let nested = self.links.contains(&true);
                let target = safe_target(dest_url, resolve).filter(|_| !nested);
                self.links.push(target.is_some());
                Event::Start(Tag::Link {
                    link_type: LinkType::Inline,
                    dest_url: target?,
                    title,
                    id: CowStr::from(""),
                })
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                return self.links.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link));
            }
            // Alignment would be written as an inline style.
            Event::Start(Tag::Table(columns)) => {
                Event::Start(Tag::Table(vec![Alignment::None; columns.len()]))
            }
            Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
                level: self.heading_level(level as usize),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(_)) => {
                let ours = self.heading.map_or(FIRST_HEADING, |(_, ours)| ours);
                Event::End(TagEnd::Heading(to_level(ours)))
            }
            other => other,
        })
    }

    /// Never above the page's own headings, never more than one deeper than the last.
    fn heading_level(&mut self, theirs: usize) -> HeadingLevel {
        let ours = match self.heading {
            None => FIRST_HEADING,
            Some((last, ours)) if theirs > last => ours + 1,
            Some((last, ours)) => ours.saturating_sub(last - theirs).max(FIRST_HEADING),
        };
        self.heading = Some((theirs, ours.min(6)));
        to_level(ours)
    }
}

fn to_level(level: usize) -> HeadingLevel {
    HeadingLevel::try_from(level).unwrap_or(HeadingLevel::H6)
}

/// A link's address if it is safe; a Rust path (`crate::OrderPaid`) is looked up.
fn safe_target<'a>(address: CowStr<'a>, resolve: &Resolve<'_>) -> Option<CowStr<'a>> {
    if address.contains("::") {
        return resolve(&address).map(CowStr::from);
    }
    url::is_safe(&address).then_some(address)
}

/// The first paragraph as plain text: for lists, cards and the search index.
pub(crate) fn summary(docs: &str) -> String {
    let mut out = String::new();
    let mut named = |_: BrokenLink<'_>| Some((CowStr::from("#"), CowStr::from("")));
    for event in Parser::new_with_broken_link_callback(docs, options(), Some(&mut named)) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                out.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::HtmlBlock | TagEnd::CodeBlock) => {
                break;
            }
            _ => {}
        }
    }
    out.trim().to_owned()
}

/// A doc comment for the Markdown pages: still Markdown, without raw HTML,
/// without unsafe links, and with its headings below level 2.
pub(crate) fn to_markdown(docs: &str) -> String {
    /// Escaping one thing can uncover another; real doc comments need one or two rounds.
    const ROUNDS: usize = 16;
    let mut text = demote_headings(docs.trim());
    for _ in 0..ROUNDS {
        let escapes = unsafe_places(&text);
        if escapes.is_empty() {
            return text;
        }
        for place in escapes.into_iter().rev() {
            text.insert(place, '\\');
        }
    }
    escape_markdown(docs)
}

/// Where a backslash is needed to take away the meaning of raw HTML and unsafe links.
fn unsafe_places(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => {
                places.extend(text[range.clone()].match_indices('<').map(|(at, _)| range.start + at));
            }
            Event::Start(Tag::Link { dest_url, .. }) if !url::is_safe(&dest_url) => {
                places.push(range.start);
            }
            // An image is fetched by whoever shows the page: leave a plain link.
            Event::Start(Tag::Image { .. }) => places.push(range.start),
            _ => {}
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

fn demote_headings(text: &str) -> String {
    let mut places: Vec<usize> = Parser::new_ext(text, options())
        .into_offset_iter()
        .filter(|(event, range)| {
            matches!(event, Event::Start(Tag::Heading { .. })) && text[range.start..].starts_with('#')
        })
        .map(|(_, range)| range.start)
        .collect();
    places.sort_unstable();
    let mut out = text.to_owned();
    for place in places.into_iter().rev() {
        let level = out[place..].chars().take_while(|&c| c == '#').count();
        out.insert_str(place, &"#".repeat(2.min(6 - level.min(6))));
    }
    out
}

/// Plain text inside Markdown: nothing in it is read as Markdown or HTML.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c if c.is_ascii_punctuation()
                && !matches!(c, '.' | ',' | ';' | '/' | '(' | ')' | '\'' | '"' | '?' | '%') =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(docs: &str, expected: &str) {
        let resolve = |name: &str| {
            (name.rsplit("::").next() == Some("OrderPaid")).then(|| "m/OrderPaid.html".to_owned())
        };
        assert_eq!(to_html(docs, &resolve).into_string().trim(), expected);
    }

    #[test]
    fn markdown_is_rendered() {
        check("Pays *now*, `x < y`.", "<p>Pays <em>now</em>, <code>x &lt; y</code>.</p>");
    }

    #[test]
    fn raw_html_becomes_text() {
        check("a <b onclick=x>c</b>", "<p>a &lt;b onclick=x&gt;c&lt;/b&gt;</p>");
        check("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
    }

    #[test]
    fn unsafe_links_lose_their_address() {
        check("[x](javascript:alert(1))", "<p>x</p>");
        check("[x](java&#115;cript:alert(1))", "<p>x</p>");
        check("<javascript:alert(1)>", "<p>javascript:alert(1)</p>");
        check("[x](https://a.b)", "<p><a href=\"https://a.b\">x</a></p>");
    }

    #[test]
    fn tables_have_no_inline_style() {
        check("|a|\n|:-:|", "<table><thead><tr><th>a</th></tr></thead><tbody>\n</tbody></table>");
    }

    #[test]
    fn images_become_links() {
        check("![pic](https://a.b/c.png)", "<p><a href=\"https://a.b/c.png\">pic</a></p>");
        check("[![pic](c.png)](d)", "<p><a href=\"d\">pic</a></p>");
    }

    #[test]
    fn names_become_links() {
        let link = "<p><a href=\"m/OrderPaid.html\"><code>OrderPaid</code></a></p>";
        check("[`OrderPaid`]", link);
        check("[`OrderPaid`](crate::OrderPaid)", link);
        check("[Unknown] stays", "<p>[Unknown] stays</p>");
    }

    #[test]
    fn headings_are_moved_below_the_page_title() {
        check("# A\n### B\n# C", "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>");
        check("### A\n# B", "<h2>A</h2>\n<h2>B</h2>");
    }

    #[test]
    fn the_summary_is_the_first_paragraph() {
        assert_eq!(summary("Pays [`Order`]\nnow.\n\nMore."), "Pays Order now.");
        assert_eq!(summary(""), "");
    }

    #[test]
    fn markdown_keeps_its_meaning_and_loses_its_html() {
        assert_eq!(to_markdown("Pays *now*: `a<b>`."), "Pays *now*: `a<b>`.");
        assert_eq!(to_markdown("# Errors\nNone."), "### Errors\nNone.");
        assert_eq!(to_markdown("a <b>c</b>"), "a \\<b>c\\</b>");
        assert_eq!(to_markdown("[x](javascript:y)"), "\\[x](javascript:y)");
        assert_eq!(to_markdown("![x](http://a)"), "\\![x](http://a)");
    }

    #[test]
    fn safe_markdown_holds_nothing_unsafe() {
        for nasty in [
            "<script>\n\n<img src=x onerror=y>\n<!-- ` -->",
            "[![a](javascript:b)](javascript:c)",
            "[a][b]\n\n[b]: javascript:c",
            "<javascript:c>",
            "<div>\n<![CDATA[ <b> ]]>\n<?php <i> ?>\n</div>",
            "\\<b>\\\\<b>",
        ] {
            let safe = to_markdown(nasty);
            assert!(unsafe_places(&safe).is_empty(), "{nasty:?} became {safe:?}");
        }
    }
}
