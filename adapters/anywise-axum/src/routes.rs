//! The routes of an application's messages, as an [`axum::Router`].

use std::sync::Arc;

use anywise_core::App;
use axum::Router;
use axum::routing::{MethodFilter, on_service};
use http::Method;
use tower::service_fn;

use crate::limits::Limits;
use crate::nearest::Nearest;
use crate::route::Route;

/// A router with a route for each message of `app` that has one, and that a
/// handler here or a remote answers.
///
/// Mount it into a router of yours, and serve that with [`serve`](crate::serve)
/// or axum's own server. Bodies are limited to
/// [`Limits::body_size`](crate::Limits::body_size)'s default; every other limit
/// is the server's.
///
/// # Examples
/// ```
/// # async fn example() -> anywise_core::Result<()> {
/// use axum::{Router, routing::get};
///
/// let app = anywise_core::App::builder().build().await?;
/// let router: Router = Router::new()
///     .route("/livez", get(async || "ok"))
///     .merge(anywise_axum::router(&app));
/// # Ok(())
/// # }
/// ```
pub fn router(app: &App) -> Router {
    limited(app, &Limits::default())
}

pub(crate) fn limited(app: &App, limits: &Limits) -> Router {
    let limits = Arc::new(limits.clone());
    let mut router = Router::new();
    for message in &app.catalog().messages {
        let Some(http) = message.http.as_ref().filter(|_| app.reaches(&message.name)) else { continue };
        let method = Method::from_bytes(http.method.as_bytes()).ok();
        let filter = method.and_then(|method| MethodFilter::try_from(method).ok());
        let (Some(filter), Some(endpoint)) = (filter, app.endpoint(&message.name)) else { continue };
        let (path, names) = positional(&http.path);
        let route = Arc::new(Route::new(endpoint, message, http, names, Arc::clone(&limits)));
        let answer = service_fn(move |request| Arc::clone(&route).answer(request));
        router = router.route(&path, on_service(filter, answer));
    }
    router
}

/// The routes there are, for whoever is lost.
pub(crate) fn nearest(app: &App) -> Nearest {
    let routes = app.catalog().messages.iter().filter_map(|message| message.http.as_ref());
    Nearest::new(routes.map(|http| (http.method.as_str(), http.path.as_str())))
}

/// A path whose parameters are named by their position, and their names.
///
/// Two methods of one path may name its parameters differently; the router
/// wants one name.
fn positional(template: &str) -> (String, Vec<String>) {
    let (mut path, mut names) = (String::new(), Vec::new());
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let (star, name) = name.strip_prefix('*').map_or(("", name), |name| ("*", name));
        path.extend([text, "{", star, "p", &names.len().to_string(), "}"]);
        names.push(name.to_owned());
        rest = after;
    }
    path.push_str(rest);
    (path, names)
}

#[cfg(test)]
mod tests {
    use super::positional;

    #[test]
    fn parameters_are_named_by_position() {
        let check = |template, path: &str, names: &[&str]| {
            assert_eq!(
                positional(template),
                (path.to_owned(), names.iter().map(|&n| n.to_owned()).collect())
            );
        };
        check("/orders", "/orders", &[]);
        check("/o/{id}/l/{line}", "/o/{p0}/l/{p1}", &["id", "line"]);
        check("/files/{*rest}", "/files/{*p0}", &["rest"]);
    }
}
