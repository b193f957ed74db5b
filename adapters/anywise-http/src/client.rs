//! A typed client, for programs that are no application.

use std::sync::Arc;

use anywise_core::{Remote, RemotePolicy, Request, Requesting, Requests, Result};

use crate::remote::HttpRemote;

/// Sends commands and queries to an application over HTTP.
///
/// # Examples
/// ```no_run
/// # use anywise::prelude::*;
/// # use std::time::Duration;
/// use anywise_http::Client;
///
/// #[command(reply = String, http = "POST /payments")]
/// struct CreatePayment {
///     order_id: String,
/// }
///
/// # async fn example() -> Result<()> {
/// let client = Client::connect("http://127.0.0.1:3000")?;
/// let payment_id = client
///     .send(CreatePayment { order_id: "o-1".into() })
///     .header("authorization", "Bearer …")
///     .deadline(Duration::from_secs(2))
///     .idempotency_key("o-1")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    remote: Arc<dyn Remote>,
    requests: Requests,
}

impl Client {
    /// A client of the application at `http://host:port`. It connects when it
    /// sends.
    ///
    /// # Errors
    /// `AW2109`: that is no such address.
    pub fn connect(url: &str) -> Result<Self> {
        HttpRemote::to(url).map(Self::through)
    }

    /// A client through a remote: of several instances, with a secret, with other
    /// limits.
    pub fn through(remote: HttpRemote) -> Self {
        Self::over(Arc::new(remote))
    }

    fn over(remote: Arc<dyn Remote>) -> Self {
        Self { requests: Requests::through_arc(Arc::clone(&remote)), remote }
    }

    /// Puts the client under a policy: time-outs, retries, a circuit breaker.
    ///
    /// Without one each message is sent once. A command that is sent again
    /// is carried out once if the application has a store.
    #[must_use]
    pub fn policy(self, policy: &RemotePolicy) -> Self {
        Self::over(Arc::new(policy.around_arc(self.remote)))
    }

    /// Sends a command or query; await it for the reply.
    pub fn send<M: Request>(&self, message: M) -> Requesting<'_, M> {
        self.requests.send(message)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.remote.name()).finish()
    }
}
