//! The shop over HTTP: its messages, its pages, its probes.

use anywise::App;
use anywise_axum::{Http, Limits, Trust};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::{operations, pages};

/// The shop's way in, on a socket that listens already. Processes that know
/// `secret` reach every message; everybody else those that have a route.
pub fn http(app: &App, listener: TcpListener, secret: Option<&str>) -> Http {
    // All clients of a loopback address come from one address.
    let limits = Limits { connections_per_client: None, ..Limits::default() };
    // Operating is for this machine; an address others can reach does not offer it.
    let live = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let http = Http::on(listener).limits(limits).merge(pages::routes(app, live)).merge(probes(app));
    let http = if live { http.merge(operations::routes(app)) } else { http };
    match secret {
        Some(secret) => http.trust(Trust::secret(secret)).every_message(),
        None => http,
    }
}

/// Whether the process lives, and whether it wants requests.
fn probes(app: &App) -> Router {
    let app = app.clone();
    let ready = async move || {
        let health = app.health().await;
        if health.is_ready() {
            return (StatusCode::OK, "ok");
        }
        // Why is for the log and the operations page, not for whoever asks.
        tracing::warn!(%health, "not ready");
        (StatusCode::SERVICE_UNAVAILABLE, "degraded")
    };
    Router::new().route("/livez", get("ok")).route("/readyz", get(ready))
}
