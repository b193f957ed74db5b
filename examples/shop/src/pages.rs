//! The pages about the shop: served from memory, or written to a folder.

use std::io;
use std::path::Path;

use anywise::App;
use anywise_docs::{Page, Site, markdown};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::Redirect;
use axum::routing::{MethodRouter, get};

/// Where the pages are.
pub(crate) const ROOT: &str = "/anywise/";

/// The sources that the pages link to.
const SOURCES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main");

/// Routes to the pages, which are written now and never again.
pub(crate) fn routes(app: &App) -> Router {
    let mut router = Router::new().route(ROOT.trim_end_matches('/'), get(Redirect::permanent(ROOT)));
    for page in site(app).render() {
        let path = if page.path == "index.html" { "" } else { &page.path };
        router = router.route(&format!("{ROOT}{path}"), serve(page.content_type, page.bytes));
    }
    router.route(&format!("{ROOT}catalog.json"), serve("application/json", catalog(app)))
}

fn serve(content_type: &'static str, bytes: Vec<u8>) -> MethodRouter {
    let headers =
        [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, Site::CONTENT_SECURITY_POLICY)];
    get((headers, Bytes::from(bytes)))
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
