//! Every link leads to a page, and every fragment to a place on it.

use crate::{html, markup::tags, shop, text};
use anywise_docs::{Site, markdown};
use std::collections::{BTreeMap, BTreeSet};

/// Where a relative address leads, from the root.
fn resolve(from: &str, href: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in href.split('/') {
        match part {
            ".." => assert!(parts.pop().is_some(), "{href} in {from} leaves the root"),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn links_of_the_site_lead_somewhere() {
    let catalog = shop();
    let pages = Site::new(&catalog).render();
    let paths: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    let parsed: BTreeMap<&str, _> =
        html(&pages).map(|page| (page.path.as_str(), tags(&page.path, text(page)))).collect();
    let mut checked = 0;
    for (&path, tags) in &parsed {
        for href in tags
            .iter()
            .flat_map(|tag| [tag.get("href"), tag.get("src")])
            .flatten()
            .filter(|href| !href.contains("://"))
        {
            let (file, fragment) = href.split_once('#').unwrap_or((href, ""));
            let target = if file.is_empty() { path.to_owned() } else { resolve(path, file) };
            assert!(paths.contains(target.as_str()), "{path} links to {href}");
            if !fragment.is_empty() {
                let there = parsed[target.as_str()].iter().any(|tag| tag.get("id") == Some(fragment));
                assert!(there, "{path} links to {href}, but there is no such place");
            }
            checked += 1;
        }
    }
    assert!(checked > 1000, "{checked} links");
}

#[test]
fn every_slice_message_and_function_can_be_reached_from_the_first_page() {
    let catalog = shop();
    let pages = Site::new(&catalog).render();
    let mut seen = BTreeSet::new();
    let mut waiting = vec!["index.html".to_owned()];
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Some(page) = html(&pages).find(|page| page.path == path) else {
            continue;
        };
        let links = tags(&path, text(page));
        let links = links
            .iter()
            .filter_map(|tag| tag.get("href"))
            .filter(|href| !href.contains("://") && !href.starts_with('#'));
        waiting.extend(links.map(|href| resolve(&path, href.split('#').next().unwrap_or(href))));
    }
    let missed: Vec<_> =
        html(&pages).filter(|page| !seen.contains(&page.path)).map(|page| &page.path).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn links_of_the_markdown_lead_somewhere() {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let pages = markdown(&shop());
    let paths: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    for page in &pages {
        for event in Parser::new_ext(text(page), Options::ENABLE_TABLES) {
            if let Event::Start(Tag::Link { dest_url, .. }) = event
                && !dest_url.contains("://")
            {
                assert!(
                    paths.contains(resolve(&page.path, &dest_url).as_str()),
                    "{} links to {dest_url}",
                    page.path
                );
            }
        }
    }
}
