//! Whole pages, reviewed like code: `cargo insta review` after a change.

use crate::{page, shop, text};
use anywise_docs::{Page, Site, flow::Flow, markdown};

/// A page with a line for each tag that starts a block, so that a change reads as one.
fn lines(page: &Page) -> String {
    let mut out = text(page).to_owned();
    for tag in [
        "<section",
        "<h1",
        "<h2",
        "<h3",
        "<p",
        "<div",
        "<ul",
        "<ol",
        "<li",
        "<tr",
        "<td",
        "<dl",
        "<dt",
        "<svg",
        "<g ",
        "<g>",
        "<a class=\"node",
        "<main",
        "<nav",
        "<header",
        "<footer",
        "<details",
        "<link",
        "<script",
        "<meta",
    ] {
        out = out.replace(tag, &format!("\n{tag}"));
    }
    out
}

fn check_site(path: &str, name: &str) {
    let catalog = shop();
    let pages = Site::new(&catalog).source_base("https://git.example/shop/blob/main").render();
    insta::assert_snapshot!(name, lines(page(&pages, path)));
}

fn check_markdown(path: &str, name: &str) {
    insta::assert_snapshot!(name, text(page(&markdown(&shop()), path)));
}

#[test]
fn first_page() {
    check_site("index.html", "index.html");
}

#[test]
fn event_page() {
    check_site("messages/payment.PaymentSettled.html", "event.html");
}

#[test]
fn handler_page() {
    check_site("functions/shop_payment.handlers.create_payment.html", "handler.html");
}

#[test]
fn guard_page() {
    check_site("functions/shop_payment.guards.signed_in.html", "guard.html");
}

#[test]
fn search_index() {
    check_site("assets/search-index.js", "search-index.js");
}

#[test]
fn markdown_readme() {
    check_markdown("README.md", "README.md");
}

#[test]
fn markdown_command() {
    check_markdown("messages/payment.CreatePayment.md", "command.md");
}

#[test]
fn markdown_handler() {
    check_markdown("functions/shop_payment.handlers.create_payment.md", "handler.md");
}

#[test]
fn application_as_mermaid() {
    insta::assert_snapshot!("application.mermaid", Flow::application(&shop()).mermaid());
}
