//! Commands and queries of a program that is no application, typed: through any
//! remote.
//!
//! A message comes in as a value, leaves through a [`Remote`] as an envelope,
//! and the reply comes back as a value. There is no handler here, and no guard.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::codec::{Json, open_reply};
use crate::context::Principal;
use crate::envelope::{Envelope, Head};
use crate::error::{Error, Kind, Result};
use crate::message::Request;
use crate::ports::transport::Remote;
use crate::walk::call::BoxFuture;
use crate::walk::plan::timed_out;

/// Sends commands and queries to an application elsewhere, as JSON.
///
/// # Examples
/// ```no_run
/// # use anywise::prelude::*;
/// # use anywise::{Loopback, Requests};
/// anywise::slice!(SLICE = "greeting", "Greets.");
///
/// #[query(reply = String)]
/// struct Greet {
///     name: String,
/// }
///
/// #[handler]
/// fn greet(query: Greet) -> String {
///     format!("Hello, {}", query.name)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anywise::Result<()> {
/// # let there = App::builder().slices([SLICE]).build().await.unwrap();
/// let requests = Requests::through(Loopback::to(&there));
/// assert_eq!(requests.send(Greet { name: "Ann".into() }).await?, "Hello, Ann");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Requests(Arc<dyn Remote>);

impl Requests {
    /// Through this remote.
    pub fn through(remote: impl Remote) -> Self {
        Self(Arc::new(remote))
    }

    /// The same with a remote that others hold too.
    pub fn through_arc(remote: Arc<dyn Remote>) -> Self {
        Self(remote)
    }

    /// Sends a command or query; await it for the reply.
    pub fn send<M: Request>(&self, message: M) -> Requesting<'_, M> {
        Requesting { remote: &*self.0, message, head: Head::default() }
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Requests").field(&self.0.name()).finish()
    }
}

/// A command or query about to be sent; await it for the reply.
#[must_use = "a message is sent when it is awaited"]
pub struct Requesting<'a, M> {
    remote: &'a dyn Remote,
    message: M,
    head: Head,
}

impl<M: Request> Requesting<'_, M> {
    /// Sets a header.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.head.headers.insert(name, value);
        self
    }

    /// Gives the message at most `limit`, counted from now.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.head.deadline = Some(Instant::now() + limit);
        self
    }

    /// Names the request: the same one under the same key is carried out once,
    /// and answered alike. Without it the message's id is the key, so that what
    /// is tried again by a policy is carried out once too. It takes a store at
    /// the other side, and means nothing for queries.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.head.idempotency_key = Some(key.into());
        self
    }

    /// Says on whose behalf. It is believed if the other side trusts this
    /// program, and dropped otherwise.
    pub fn principal(mut self, principal: Principal) -> Self {
        self.head.principal = Some(principal);
        self
    }

    /// Names what everything this sets off has in common.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.head.correlation_id = Some(id.into());
        self
    }

    /// Sets everything that is known of the message beside its body.
    pub fn head(mut self, head: Head) -> Self {
        self.head = head;
        self
    }

    /// The id of the message, made now if there is none.
    pub fn id(&mut self) -> Uuid {
        self.head.id()
    }

    async fn run(self) -> Result<M::Reply> {
        let Self { remote, message, head } = self;
        let name = M::META.wire_name();
        if !remote.reaches(name) {
            let message = format!("`{}` has no way to a handler of `{name}`", remote.name());
            return Err(Error::new(Kind::Internal, "AW2107", message));
        }
        let deadline = head.deadline;
        let call = remote.call(Envelope::seal(&message, &Json, head)?);
        let reply = match deadline {
            None => call.await?,
            Some(at) => {
                tokio::time::timeout_at(at.into(), call).await.unwrap_or_else(|_| Err(timed_out(name)))?
            }
        };
        open_reply::<M>(&Json, &reply)
    }
}

impl<'a, M: Request> IntoFuture for Requesting<'a, M> {
    type Output = Result<M::Reply>;
    type IntoFuture = BoxFuture<'a, Result<M::Reply>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
