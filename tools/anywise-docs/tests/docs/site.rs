//! What a reader finds on the pages.

use crate::{html, markup::tags, page, shop, text};
use anywise_core::catalog::Catalog;
use anywise_docs::{Page, Site, flow::Flow, markdown};

#[test]
fn the_same_catalog_gives_the_same_bytes() {
    let catalog = shop();
    assert_eq!(Site::new(&catalog).render(), Site::new(&catalog).render());
    assert_eq!(markdown(&catalog), markdown(&catalog));
}

#[test]
fn pages_are_sorted_and_distinct() {
    let catalog = shop();
    for pages in [Site::new(&catalog).render(), markdown(&catalog)] {
        assert!(pages.is_sorted_by(|a, b| a.path < b.path));
    }
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    let catalog = shop();
    let pages = Site::new(&catalog).render();
    for page in html(&pages) {
        for tag in tags(&page.path, text(page)) {
            assert!(tag.name != "style" && tag.get("style").is_none(), "{}: inline style", page.path);
            assert!(
                !tag.attributes.iter().any(|(name, _)| name.starts_with("on")),
                "{}: inline script",
                page.path
            );
            for address in
                [tag.get("src"), tag.get("href").filter(|_| tag.name == "link")].into_iter().flatten()
            {
                assert!(
                    !address.contains(':') && !address.starts_with('/'),
                    "{}: loads {address}",
                    page.path
                );
            }
        }
    }
    for path in ["assets/site.css", "assets/site.js", "assets/theme.js"] {
        let asset = text(crate::page(&pages, path));
        assert!(
            !asset.contains("://") && !asset.contains("@import") && !asset.contains("innerHTML"),
            "{path}"
        );
    }
}

#[test]
fn headings_are_in_order_and_landmarks_are_there() {
    let catalog = shop();
    for page in html(&Site::new(&catalog).render()) {
        let tags = tags(&page.path, text(page));
        let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
        for name in ["h1", "main", "nav", "search"] {
            assert_eq!(count(name), 1, "{}: <{name}>", page.path);
        }
        let main = tags.iter().position(|tag| tag.name == "main").unwrap_or_default();
        let mut last = 0;
        for tag in tags[main..]
            .iter()
            .filter(|tag| tag.name.len() == 2 && tag.name.starts_with('h') && tag.name != "hr")
        {
            let level: usize = tag.name[1..].parse().expect("a heading has a level");
            assert!(level <= last + 1, "{}: h{level} after h{last}", page.path);
            last = level;
        }
    }
}

#[test]
fn an_event_leads_from_its_emitter_to_its_listener() {
    let catalog = shop();
    let pages = Site::new(&catalog).render();
    let event = text(page(&pages, "messages/payment.PaymentSettled.html"));
    assert!(event.contains("../functions/shop_payment.handlers.create_payment.html"));
    assert!(event.contains("../functions/shop_order.listeners.mark_paid.html"));
    assert!(event.contains("../messages/order.OrderPaid.html"), "what the listener then emits");
}

#[test]
fn the_guard_chain_is_shown_in_its_order() {
    let catalog = shop();
    let pages = Site::new(&catalog).render();
    let function = text(page(&pages, "functions/shop_payment.handlers.create_payment.html"));
    let chain = &function[function.find("<ol class=\"chain\">").expect("a chain")..];
    let at: Vec<_> = ["log_slow", "once_per_key", "signed_in", "limit_rate", "<strong>create_payment"]
        .iter()
        .map(|name| chain.find(&format!("{name}<")).unwrap_or_else(|| panic!("no {name}")))
        .collect();
    assert!(at.is_sorted(), "{at:?}");
}

#[test]
fn source_places_become_links_when_there_is_a_base() {
    let catalog = shop();
    let path = "functions/shop_order.listeners.mark_paid.html";
    let plain = Site::new(&catalog).render();
    assert!(text(page(&plain, path)).contains("listeners.<wbr>rs:<wbr>"));
    assert!(!text(page(&plain, path)).contains("class=\"source\""));
    let linked = Site::new(&catalog).source_base("https://git.example/shop/blob/main").render();
    assert!(
        text(page(&linked, path))
            .contains("href=\"https://git.example/shop/blob/main/examples/shop/order/src/listeners.rs#L")
    );
    let refused = Site::new(&catalog).source_base("javascript:alert(1)//").render();
    assert_eq!(text(page(&refused, path)), text(page(&plain, path)));
}

#[test]
fn an_empty_catalog_still_has_its_pages() {
    let catalog = Catalog::default();
    let pages = Site::new(&catalog).render();
    for path in [
        "index.html",
        "messages.html",
        "functions.html",
        "routes.html",
        "dependencies.html",
        "assets/search-index.js",
    ] {
        page(&pages, path);
    }
    assert_eq!(markdown(&catalog).len(), 1);
    assert!(Flow::application(&catalog).is_empty());
    assert!(Flow::message(&catalog, "no.Such").is_empty());
    assert!(Flow::function(&catalog, "no::such").is_empty());
}

#[test]
fn flows_follow_the_exact_sets() {
    let catalog = shop();
    let flow = Flow::message(&catalog, "payment.PaymentSettled");
    let names = |flow: &Flow| -> Vec<String> {
        flow.edges()
            .iter()
            .map(|&(a, b)| format!("{} > {}", flow.nodes()[a].label, flow.nodes()[b].label))
            .collect()
    };
    assert_eq!(
        names(&flow),
        [
            "CreatePayment > create_payment",
            "PaymentSettled > mark_paid",
            "mark_paid > OrderPaid",
            "create_payment > PaymentSettled",
        ]
    );
    let slices = names(&Flow::slices(&catalog));
    assert!(
        slices.contains(&"payment > order".to_owned()) && slices.contains(&"order > notification".to_owned()),
        "{slices:?}"
    );
    assert!(!slices.iter().any(|edge| edge.starts_with("notification")), "{slices:?}");
}

#[test]
fn a_large_application_is_drawn_by_slices() {
    let mut catalog = shop();
    let functions = catalog.functions.clone();
    for n in 0..20 {
        for function in &functions {
            let mut copy = function.clone();
            copy.id = format!("{}_{n}", function.id);
            catalog.functions.push(copy);
        }
    }
    let pages = Site::new(&catalog).render();
    let index = text(page(&pages, "index.html"));
    assert!(index.contains("4 slices, joined by"), "the diagram is of slices");
}

#[test]
fn files_are_written_below_the_folder() {
    let dir = std::env::temp_dir().join(format!("anywise-docs-test-{}", std::process::id()));
    let catalog = shop();
    let site = Site::new(&catalog);
    let written = site.write_to(&dir).expect("the temporary folder is writable");
    let pages = site.render();
    assert_eq!(written, pages.len());
    for page in &pages {
        assert_eq!(std::fs::read(dir.join(&page.path)).expect("the page was written"), page.bytes);
    }
    assert_eq!(Page::write_all(&markdown(&catalog), &dir).expect("beside it"), markdown(&catalog).len());
    std::fs::remove_dir_all(&dir).expect("the temporary folder can go");
}
