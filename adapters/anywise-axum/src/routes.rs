//! The routes of an application's messages, as an [`axum::Router`].

use std::sync::Arc;

use anywise_core::catalog::{HttpRoute, Message};
use anywise_core::{App, Endpoint};
use axum::Router;
use axum::routing::{MethodFilter, on_service};
use http::Method;
use tower::service_fn;

use crate::limits::Limits;
use crate::nearest::Nearest;
use crate::route::Route;
use crate::trust::Trust;

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
    Routes::of(app).into_router()
}

/// The routes of an application's messages, and who may use them.
///
/// # Examples
/// ```
/// # async fn example() -> anywise_core::Result<()> {
/// use anywise_axum::{Routes, Trust};
///
/// let app = anywise_core::App::builder().build().await?;
/// let router = Routes::of(&app).trust(Trust::secret("both know it")).every_message().into_router();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Routes<'a> {
    app: &'a App,
    settings: Settings,
    every_message: bool,
}

/// What all routes share.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Arc<Limits>,
    pub(crate) trust: Trust,
}

/// Where every message has a route for processes of ours.
const MESSAGES: &str = "/anywise/messages/";

impl<'a> Routes<'a> {
    /// The routes that the messages of `app` name, for everybody.
    pub fn of(app: &'a App) -> Self {
        let settings = Settings { limits: Arc::new(Limits::default()), trust: Trust::nobody() };
        Self { app, settings, every_message: false }
    }

    /// Sets how large a body may be; the other limits are the server's.
    #[must_use]
    pub fn limits(mut self, limits: &Limits) -> Self {
        self.settings.limits = Arc::new(limits.clone());
        self
    }

    /// Says which callers are processes of ours; see [`Http::trust`](crate::Http::trust).
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.settings.trust = trust;
        self
    }

    /// Adds a route for each command and query, for trusted callers; see
    /// [`Http::every_message`](crate::Http::every_message).
    #[must_use]
    pub fn every_message(mut self) -> Self {
        self.every_message = true;
        self
    }

    /// The router.
    pub fn into_router(self) -> Router {
        let mut router = Router::new();
        for message in &self.app.catalog().messages {
            let reached = self.app.reaches(&message.name);
            let Some(endpoint) = self.app.endpoint(&message.name).filter(|_| reached) else { continue };
            if let Some(http) = &message.http {
                router = self.named(router, endpoint.clone(), message, http);
            }
            if self.every_message {
                router = self.internal(router, &endpoint, message);
            }
        }
        router
    }

    fn named(&self, router: Router, endpoint: Endpoint, message: &Message, http: &HttpRoute) -> Router {
        let method = Method::from_bytes(http.method.as_bytes()).ok();
        let Some(filter) = method.and_then(|method| MethodFilter::try_from(method).ok()) else {
            return router;
        };
        let (path, names) = positional(&http.path);
        serve(router, &path, filter, Route::new(endpoint, message, http, names, &self.settings))
    }

    fn internal(&self, mut router: Router, endpoint: &Endpoint, message: &Message) -> Router {
        for name in std::iter::once(&message.name).chain(&message.aliases) {
            let route = Route::internal(endpoint.clone(), message, &self.settings);
            router = serve(router, &format!("{MESSAGES}{name}"), MethodFilter::POST, route);
        }
        router
    }
}

fn serve(router: Router, path: &str, filter: MethodFilter, route: Route) -> Router {
    let route = Arc::new(route);
    router.route(path, on_service(filter, service_fn(move |request| Arc::clone(&route).answer(request))))
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
