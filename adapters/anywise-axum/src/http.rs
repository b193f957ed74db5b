//! The ingress: an application's routes on an address.

use anywise_core::{App, BoxFuture, CancellationToken, Error, Ingress, Kind, Result};
use axum::Router;
use tokio::net::TcpListener;

use crate::limits::Limits;
use crate::routes::Routes;
use crate::trust::Trust;
use crate::{routes, server};

/// Serves an application over HTTP/1.1 and HTTP/2 (with prior knowledge).
///
/// # Examples
/// ```no_run
/// # async fn example(app: anywise_core::App) -> anywise_core::Result<()> {
/// use anywise_axum::{Http, Limits};
/// use axum::{Router, routing::get};
///
/// let limits = Limits { body_size: 64 * 1024, ..Limits::default() };
/// let pages = Router::new().route("/", get(async || "hello"));
/// app.serve(Http::bind("127.0.0.1:3000").limits(limits).merge(pages)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Http {
    on: On,
    limits: Limits,
    trust: Trust,
    every_message: bool,
    own: Router,
}

#[derive(Debug)]
enum On {
    Address(String),
    Listener(TcpListener),
}

impl Http {
    /// Listens on `address` (`host:port`) once it serves.
    pub fn bind(address: impl Into<String>) -> Self {
        Self::new(On::Address(address.into()))
    }

    /// Serves on a socket that listens already.
    pub fn on(listener: TcpListener) -> Self {
        Self::new(On::Listener(listener))
    }

    fn new(on: On) -> Self {
        Self {
            on,
            limits: Limits::default(),
            trust: Trust::nobody(),
            every_message: false,
            own: Router::new(),
        }
    }

    /// Sets what clients may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Says which callers are processes of ours. Default: none.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Serves every command and query to trusted callers, also those that name
    /// no route, at `POST /anywise/messages/{wire name}`. Default: off.
    ///
    /// It opens all that the application can do to whoever is
    /// [trusted](Self::trust); strangers are refused there (403 `AW1102`).
    /// Guards run as ever.
    #[must_use]
    pub fn every_message(mut self) -> Self {
        self.every_message = true;
        self
    }

    /// Adds routes of yours beside the messages' routes.
    #[must_use]
    pub fn merge(mut self, router: Router) -> Self {
        self.own = self.own.merge(router);
        self
    }

    async fn run(self, app: App, stop: CancellationToken) -> Result<()> {
        let listener = match self.on {
            On::Listener(listener) => listener,
            On::Address(address) => TcpListener::bind(&address).await.map_err(|error| {
                let message = format!("cannot listen on `{address}`: {error}");
                Error::new(Kind::Unavailable, "AW3011", message).with_source(error)
            })?,
        };
        if let Ok(address) = listener.local_addr() {
            tracing::info!("listening on http://{address}");
        }
        let mut all = Routes::of(&app).limits(&self.limits).trust(self.trust);
        if self.every_message {
            all = all.every_message();
        }
        let router = all.into_router().merge(self.own);
        let nearest = routes::nearest(&app);
        let stop = async move { stop.cancelled().await };
        let drained = server::serve_known(listener, router, self.limits, nearest, stop).await;
        if drained.cut > 0 {
            tracing::warn!(cut = drained.cut, "connections were cut at the end of the time to drain");
        }
        Ok(())
    }
}

impl Ingress for Http {
    fn serve(self: Box<Self>, app: App, stop: CancellationToken) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.run(app, stop))
    }
}
