//! The documents as their readers get them: written from the shop's catalog, and from a hostile one.

mod golden;
mod hostile;
mod links;
mod markup;
mod operations;
mod site;

use anywise_core::catalog::Catalog;
use anywise_docs::Page;

/// The catalog of the shop example.
fn shop() -> Catalog {
    serde_json::from_str(include_str!("../fixtures/shop.json")).expect("the fixture is a catalog")
}

fn text(page: &Page) -> &str {
    std::str::from_utf8(&page.bytes).expect("every page is UTF-8")
}

fn page<'a>(pages: &'a [Page], path: &str) -> &'a Page {
    pages.iter().find(|page| page.path == path).unwrap_or_else(|| panic!("no page {path}"))
}

fn html(pages: &[Page]) -> impl Iterator<Item = &Page> {
    pages.iter().filter(|page| page.content_type.starts_with("text/html"))
}
