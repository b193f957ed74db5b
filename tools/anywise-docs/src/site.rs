//! The static site: one page a slice, a message and a function, and a few lists.

use crate::{
    lookup::Lookup,
    page::Page,
    search,
    view::{self, View},
};
use anywise_core::catalog::Catalog;
use std::{io, path::Path};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Files that are the same for every application.
const ASSETS: [(&str, &str, &str); 4] = [
    ("assets/icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    ("assets/site.css", "text/css; charset=utf-8", include_str!("../assets/site.css")),
    ("assets/site.js", SCRIPT, include_str!("../assets/site.js")),
    ("assets/theme.js", SCRIPT, include_str!("../assets/theme.js")),
];

/// A static site about one application.
///
/// All addresses in it are relative: it works under any prefix and from a folder.
/// It loads nothing from elsewhere and needs no inline script or style, so it can
/// be served with [`Site::CONTENT_SECURITY_POLICY`].
///
/// # Examples
/// ```
/// use anywise_core::catalog::Catalog;
/// use anywise_docs::Site;
///
/// let catalog = Catalog::default(); // in an application: `app.catalog()`
/// let pages = Site::new(&catalog)
///     .source_base("https://git.example/shop/blob/main")
///     .render();
/// assert!(pages.iter().any(|page| page.path == "index.html"));
/// ```
#[derive(Clone, Debug)]
pub struct Site<'a> {
    catalog: &'a Catalog,
    source_base: Option<String>,
    live: bool,
}

impl<'a> Site<'a> {
    /// A value for the `Content-Security-Policy` header that every page lives with.
    pub const CONTENT_SECURITY_POLICY: &'static str = view::CONTENT_SECURITY_POLICY;

    /// A site about this catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, source_base: None, live: false }
    }

    /// Links source places to `{url}/{file}#L{line}`.
    ///
    /// Without it, or for a file outside the source tree, or when `url` is neither
    /// `http(s)` nor relative, places are shown as `file:line`.
    #[must_use]
    pub fn source_base(mut self, url: impl Into<String>) -> Self {
        self.source_base = Some(url.into());
        self
    }

    /// Links to the [`Operations`](crate::Operations) pages, which are served beside it.
    #[must_use]
    pub fn with_operations(mut self) -> Self {
        self.live = true;
        self
    }

    /// All files of the site, sorted by path; the same catalog gives the same bytes.
    pub fn render(&self) -> Vec<Page> {
        let lookup = Lookup::new(self.catalog, "html");
        let at =
            |root| View { lookup: &lookup, root, source_base: self.source_base.as_deref(), live: self.live };
        let (top, below) = (at(""), at("../"));
        let mut pages = vec![
            Page::new("index.html", HTML, view::home(top)),
            Page::new("messages.html", HTML, view::messages(top)),
            Page::new("functions.html", HTML, view::functions(top)),
            Page::new("routes.html", HTML, view::routes(top)),
            Page::new("dependencies.html", HTML, view::dependencies(top)),
            Page::new("assets/search-index.js", SCRIPT, search::index(&lookup)),
        ];
        pages.extend(ASSETS.map(|(path, content_type, text)| Page::new(path, content_type, text)));
        for slice in &self.catalog.slices {
            pages.extend(
                lookup.slice_path(&slice.name).map(|path| Page::new(path, HTML, view::slice(below, slice))),
            );
        }
        for message in &self.catalog.messages {
            pages.extend(
                lookup
                    .message_path(&message.name)
                    .map(|path| Page::new(path, HTML, view::message(below, message))),
            );
        }
        for function in &self.catalog.functions {
            pages.extend(
                lookup
                    .function_path(&function.id)
                    .map(|path| Page::new(path, HTML, view::function(below, function))),
            );
        }
        pages.sort_by(|a, b| a.path.cmp(&b.path));
        pages.dedup_by(|a, b| a.path == b.path);
        pages
    }

    /// Writes the site below `dir` and says how many files were written.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub fn write_to(&self, dir: impl AsRef<Path>) -> io::Result<usize> {
        Page::write_all(&self.render(), dir)
    }
}
