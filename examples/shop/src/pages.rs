//! The pages about the shop: served from memory, or written to a folder.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use anywise::App;
use anywise_docs::{Page, Site, markdown};
use axum::Router;
use axum::body::Bytes;
use axum::extract;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

/// Where the pages are.
pub(crate) const ROOT: &str = "/anywise/";

/// The sources that the pages link to.
const SOURCES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main");

/// A page as it is served: its media type and its text.
type Served = (&'static str, Bytes);

/// Routes to the pages, which are written when the first is asked for.
/// `live` says whether the operations pages are there as well.
pub(crate) fn routes(app: &App, live: bool) -> Router {
    let app = app.clone();
    let pages = Arc::new(LazyLock::new(move || written(&app, live)));
    let page = move |path: &str| match pages.get(path) {
        Some(page) => serve(page),
        None => StatusCode::NOT_FOUND.into_response(),
    };
    let home = page.clone();
    Router::new()
        .route(ROOT.trim_end_matches('/'), get(Redirect::permanent(ROOT)))
        .route(ROOT, get(async move || home("index.html")))
        .route(
            &format!("{ROOT}{{*path}}"),
            get(async move |extract::Path(path): extract::Path<String>| page(&path)),
        )
}

/// Every page by its path.
fn written(app: &App, live: bool) -> HashMap<String, Served> {
    let site = if live { site(app).with_operations() } else { site(app) };
    let pages = site.render().into_iter();
    let mut pages: HashMap<_, _> =
        pages.map(|page| (page.path, (page.content_type, Bytes::from(page.bytes)))).collect();
    pages.insert("catalog.json".to_owned(), ("application/json", Bytes::from(catalog(app))));
    pages
}

fn serve((content_type, bytes): &Served) -> Response {
    let headers = [(CONTENT_TYPE, *content_type), (CONTENT_SECURITY_POLICY, Site::CONTENT_SECURITY_POLICY)];
    (headers, bytes.clone()).into_response()
}

/// Writes the site, the same as Markdown, and the catalog below `dir`; says how
/// many files that made.
///
/// # Errors
/// Whatever the file system answers.
pub fn export(app: &App, dir: &Path) -> io::Result<usize> {
    let pages = site(app).write_to(dir.join("site"))?;
    let markdown = Page::write_all(&markdown(app.catalog()), dir.join("markdown"))?;
    std::fs::write(dir.join("catalog.json"), catalog(app))?;
    Ok(pages + markdown + 1)
}

fn site(app: &App) -> Site<'_> {
    Site::new(app.catalog()).source_base(SOURCES)
}

fn catalog(app: &App) -> Vec<u8> {
    serde_json::to_vec_pretty(app.catalog()).expect("a catalog is plain data with text for keys")
}
