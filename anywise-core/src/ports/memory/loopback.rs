//! A remote that is another application of this process.

use std::sync::Arc;

use crate::app::App;
use crate::envelope::Envelope;
use crate::error::Result;
use crate::ports::transport::Remote;
use crate::walk::call::BoxFuture;

/// A remote that is another application of this process.
#[derive(Clone, Debug)]
pub struct Loopback(App);

impl Loopback {
    /// Reaches the handlers of `app`.
    pub fn to(app: &App) -> Self {
        Self(app.clone())
    }
}

impl Remote for Loopback {
    fn name(&self) -> &'static str {
        "loopback"
    }

    fn reaches(&self, message: &str) -> bool {
        self.0.handles(message)
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<bytes::Bytes>> {
        let app: Arc<_> = self.0.inner();
        Box::pin(async move { crate::walk::receive::request(&app, request).await })
    }
}
