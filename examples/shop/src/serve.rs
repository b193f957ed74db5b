//! The shop over HTTP: its messages, its pages, its probes.

use anywise::{App, Result, Stopped};
use anywise_axum::{Http, Limits};
use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::pages;

/// Serves on a socket until `stop`, then finishes what has begun.
///
/// # Errors
/// That it could not serve.
pub async fn serve(
    app: &App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<Stopped> {
    // All clients of a loopback address come from one address.
    let limits = Limits { connections_per_client: None, ..Limits::default() };
    let own = pages::routes(app).merge(probes());
    app.serve_until(Http::on(listener).limits(limits).merge(own), stop).await
}

/// Whether the process lives, and whether it wants requests.
fn probes() -> Router {
    Router::new().route("/livez", get("ok")).route("/readyz", get("ok"))
}
