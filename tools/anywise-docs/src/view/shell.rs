//! The frame around every page: head, header with search, side navigation, footer.

use super::View;
use crate::{
    flow::{function_word, message_word},
    html::{Element, Html, el},
};
use anywise_core::catalog::FunctionKind;

/// What a server may send with every page: nothing from elsewhere, nothing inline.
pub(crate) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Pages that are not about one thing, in the order of the navigation.
const INDEXES: [(&str, &str); 5] = [
    ("index.html", "Overview"),
    ("messages.html", "Messages"),
    ("functions.html", "Functions"),
    ("routes.html", "HTTP routes"),
    ("dependencies.html", "Dependencies"),
];

/// A page in its frame.
pub(super) struct Shell<'a> {
    pub(super) title: &'a str,
    /// One plain sentence for search engines and previews.
    pub(super) description: String,
    /// Path of this page from the root.
    pub(super) path: String,
    /// The slice whose content the navigation opens.
    pub(super) slice: Option<&'a str>,
    pub(super) body: Html,
}

impl Shell<'_> {
    pub(super) fn render(self, view: View<'_>) -> String {
        let page = el("html").attr("lang", "en").attr("data-root", view.root).add(self.head(view)).add(
            el("body")
                .add(el("a").class("skip").attr("href", "#main").add("Skip to content"))
                .add(header(view))
                .add(
                    el("div")
                        .class("columns")
                        .add(self.navigation(view))
                        .add(el("main").attr("id", "main").attr("tabindex", "-1").add(self.body)),
                )
                .add(footer(view)),
        );
        format!("<!doctype html>\n{}\n", Html::from(page).into_string())
    }

    fn head(&self, view: View<'_>) -> Element {
        let application = name(view);
        let title = if self.title == application {
            application.to_owned()
        } else {
            format!("{} · {application}", self.title)
        };
        el("head")
            .add(el("meta").attr("charset", "utf-8"))
            .add(el("meta").attr("name", "viewport").attr("content", "width=device-width, initial-scale=1"))
            .add(el("meta").attr("name", "color-scheme").attr("content", "light dark"))
            .add(el("meta").attr("name", "description").attr("content", &self.description))
            .add(el("title").add(title))
            .add(
                el("link")
                    .attr("rel", "icon")
                    .attr("type", "image/svg+xml")
                    .attr("href", view.href("assets/icon.svg")),
            )
            .add(el("link").attr("rel", "stylesheet").attr("href", view.href("assets/site.css")))
            // Not deferred: it sets the theme before anything is painted.
            .add(el("script").attr("src", view.href("assets/theme.js")))
            .add(el("script").attr("src", view.href("assets/site.js")).attr("defer", ""))
    }

    fn navigation(&self, view: View<'_>) -> Element {
        let entry = |path: &str, class: String, label: &str| {
            el("a")
                .class(class)
                .attr("href", view.href(path))
                .attr_if("aria-current", (path == self.path).then_some("page"))
                .add(label)
        };
        let live = view.live.then_some(("operations", "Operations"));
        let indexes = INDEXES.into_iter().chain(live);
        let indexes = indexes.map(|(path, label)| el("li").add(entry(path, "plain".to_owned(), label)));
        let slices = view.lookup.catalog.slices.iter().filter_map(|slice| {
            let path = view.lookup.slice_path(&slice.name)?;
            let link = entry(&path, format!("ref slice {}", view.lookup.hue(&slice.name)), &slice.name);
            let inside =
                (self.slice == Some(slice.name.as_str())).then(|| contents(view, &slice.name, &entry));
            Some(el("li").add(link).add(inside))
        });
        el("nav")
            .attr("id", "navigation")
            .attr("aria-label", "Site")
            .add(el("ul").each(indexes))
            .add(el("h2").attr("id", "navigation-slices").add("Slices"))
            .add(el("ul").attr("aria-labelledby", "navigation-slices").each(slices))
    }
}

/// What a slice holds, for the navigation.
fn contents(view: View<'_>, slice: &str, entry: &dyn Fn(&str, String, &str) -> Element) -> Element {
    let messages = view.lookup.messages_of(slice).filter_map(|m| {
        let path = view.lookup.message_path(&m.name)?;
        Some(el("li").add(entry(&path, format!("ref {}", message_word(m.kind)), &m.type_name)))
    });
    let kinds = [FunctionKind::Handler, FunctionKind::Listener, FunctionKind::Guard, FunctionKind::Provider];
    let functions =
        kinds.into_iter().flat_map(|kind| view.lookup.functions_of(slice, kind)).filter_map(|f| {
            let path = view.lookup.function_path(&f.id)?;
            Some(el("li").add(entry(&path, format!("ref {}", function_word(f.kind)), &f.name)))
        });
    el("ul").class(view.lookup.hue(slice)).each(messages).each(functions)
}

fn name(view: View<'_>) -> &str {
    match view.lookup.catalog.application.as_str() {
        "" => "Application",
        name => name,
    }
}

fn header(view: View<'_>) -> Element {
    let search = el("search")
        .class("search")
        .add(el("label").class("hidden").attr("for", "search").add("Search slices, messages and functions"));
    let input = el("input")
        .attr("id", "search")
        .attr("type", "search")
        .attr("placeholder", "Search")
        .attr("autocomplete", "off")
        .attr("spellcheck", "false")
        .attr("role", "combobox")
        .attr("aria-autocomplete", "list")
        .attr("aria-expanded", "false")
        .attr("aria-controls", "results")
        .attr("aria-keyshortcuts", "/");
    let results = el("ul")
        .attr("id", "results")
        .attr("role", "listbox")
        .attr("aria-label", "Results")
        .attr("hidden", "");
    let status = el("p").attr("id", "search-status").class("hidden").attr("role", "status");
    el("header")
        .add(
            el("button")
                .attr("id", "menu")
                .attr("type", "button")
                .attr("aria-controls", "navigation")
                .attr("aria-expanded", "false")
                .add(icon::MENU.html())
                .add(el("span").class("hidden").add("Menu")),
        )
        .add(
            el("a")
                .class("brand")
                .attr("href", view.href("index.html"))
                .add(icon::MARK.html())
                .add(el("span").add(name(view))),
        )
        .add(
            search
                .add(icon::SEARCH.html())
                .add(input)
                .add(el("kbd").attr("aria-hidden", "true").add("/"))
                .add(results)
                .add(status),
        )
        .add(
            el("button")
                .attr("id", "theme")
                .attr("type", "button")
                .attr("aria-pressed", "false")
                .add(icon::THEME.html())
                .add(el("span").class("hidden").add("Dark theme")),
        )
}

fn footer(view: View<'_>) -> Element {
    el("footer").add(el("p").add(format!(
        "Written from the catalog of {}, which is derived from the signatures of its functions.",
        name(view)
    )))
}

/// Icons drawn by hand, in the colour of the text around them.
mod icon {
    use crate::html::Html;

    pub(super) struct Icon(&'static str);

    impl Icon {
        pub(super) fn html(&self) -> Html {
            Html::trusted(self.0)
        }
    }

    pub(super) const MENU: Icon = Icon(
        r#"<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M3 5.5h14M3 10h14M3 14.5h14"/></svg>"#,
    );
    pub(super) const SEARCH: Icon = Icon(
        r#"<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><circle cx="9" cy="9" r="5.5"/><path d="m13.2 13.2 3.8 3.8"/></svg>"#,
    );
    pub(super) const THEME: Icon = Icon(
        r#"<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7"/><path class="solid" d="M10 3a7 7 0 0 1 0 14z"/></svg>"#,
    );
    pub(super) const MARK: Icon = Icon(
        r#"<svg class="icon mark" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 5h5l3 5-3 5H4M12 10h5"/></svg>"#,
    );
}
