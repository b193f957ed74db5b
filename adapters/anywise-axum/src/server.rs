//! The accept loop and the life of a connection: hyper under our limits.
//!
//! It serves any [`Router`]; it knows nothing of messages. A connection comes
//! from a [`Listener`], passes the [`Screen`], and its requests go to the
//! [`Service`].

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::admission::{Admission, Ticket};
use crate::limits::Limits;
use crate::link::Link;
use crate::nearest::Nearest;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::service::{Service, Shared};

/// Where connections come from.
pub trait Listener: Send {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection. An error is waited out; it never ends
    /// the server.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    type Stream = tokio::net::TcpStream;

    async fn accept(&mut self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, client) = TcpListener::accept(self).await?;
        // Without it a small reply may wait 40 ms for the client's acknowledgement.
        stream.set_nodelay(true)?;
        Ok((stream, client))
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Connections that were still at work when the time to drain was over.
    pub cut: usize,
}

/// How far the stop has come, as connections see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    Running,
    Draining,
    Cut,
}

/// Serves `router` on `listener` until `stop` resolves.
///
/// Then the listener is closed, requests in flight get
/// [`Limits::drain_time`] to finish, and what is left is cut.
///
/// # Examples
/// ```
/// use anywise_axum::{Limits, serve};
/// use axum::{Router, routing::get};
/// use tokio::net::TcpListener;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let router = Router::new().route("/", get(async || "hello"));
/// let drained = serve(listener, router, Limits::default(), async {}).await;
/// assert_eq!(drained.cut, 0);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub async fn serve<L: Listener>(
    listener: L,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> Drained {
    serve_known(listener, router, limits, Nearest::default(), stop).await
}

/// As [`serve`], naming the nearest of the known routes to whoever is lost.
pub(crate) async fn serve_known<L: Listener>(
    mut listener: L,
    router: Router,
    limits: Limits,
    nearest: Nearest,
    stop: impl Future<Output = ()>,
) -> Drained {
    let drain_time = limits.drain_time;
    let admission = Admission::new(&limits);
    let builder = Arc::new(builder(&limits));
    let shared = Arc::new(Shared { router, limits: Arc::new(limits), nearest });
    let (phase, _) = watch::channel(Stop::Running);
    let turned_away = Arc::new(Semaphore::new(64));
    let mut stop = pin!(stop);
    loop {
        let (stream, client) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&mut listener) => accepted,
        };
        match admission.admit(client.ip()) {
            Ok(ticket) => {
                let connection = Connection {
                    builder: Arc::clone(&builder),
                    shared: Arc::clone(&shared),
                    stop: phase.subscribe(),
                };
                tokio::spawn(connection.run(stream, ticket));
            }
            // Only so many are told why; the others are closed at once.
            Err(reason) => {
                if let Ok(permit) = Arc::clone(&turned_away).try_acquire_owned() {
                    tokio::spawn(async move {
                        turn_away(stream, reason).await;
                        drop(permit);
                    });
                }
            }
        }
    }
    drop(listener);
    drain(&phase, drain_time).await
}

async fn drain(phase: &watch::Sender<Stop>, time: Duration) -> Drained {
    phase.send_replace(Stop::Draining);
    if tokio::time::timeout(time, phase.closed()).await.is_ok() {
        return Drained { cut: 0 };
    }
    let cut = phase.receiver_count();
    phase.send_replace(Stop::Cut);
    phase.closed().await;
    Drained { cut }
}

/// The next connection, however long errors last.
async fn accept<L: Listener>(listener: &mut L) -> (L::Stream, SocketAddr) {
    let mut pause = Duration::from_millis(5);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client was gone before we came; the next one is waiting.
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, ?pause, "cannot accept connections");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::NotConnected
    )
}

/// Says why there is no place, to a client that can be told quickly.
async fn turn_away(mut stream: impl AsyncRead + AsyncWrite + Unpin, reason: &'static str) {
    let body = Problem::overloaded(reason).document();
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\nx-content-type-options: nosniff\r\n\r\n",
        StatusCode::SERVICE_UNAVAILABLE,
        body.len(),
    );
    let told = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        stream.shutdown().await?;
        // What it still sends is read, or the answer is lost to a reset.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), told).await;
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The screen keeps HTTP/1's clocks; hyper's would answer without a body.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    if limits.headers > 100 {
        builder.http1().max_headers(limits.headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(limits.resets)
        .max_local_error_reset_streams(limits.resets)
        .keep_alive_interval(limits.idle_time / 2)
        .keep_alive_timeout(limits.header_time);
    builder
}

/// What a connection's task holds.
struct Connection {
    builder: Arc<auto::Builder<TokioExecutor>>,
    shared: Arc<Shared>,
    stop: watch::Receiver<Stop>,
}

impl Connection {
    async fn run(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, ticket: Ticket) {
        let Self { builder, shared, mut stop } = self;
        let link = Arc::new(Link::new());
        let limits = Arc::clone(&shared.limits);
        let screen = Screen::new(stream, Arc::clone(&link), limits, ticket);
        let service = Service::new(shared, Arc::clone(&link));
        let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(screen), service));
        let (asked, mut told) = (AtomicBool::new(false), false);
        let mut stopping = pin!(async {
            reached(&mut stop, Stop::Draining).await;
            asked.store(true, Ordering::Relaxed);
            reached(&mut stop, Stop::Cut).await;
        });
        let end = std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(end) = connection.as_mut().poll(cx) {
                    return Poll::Ready(end);
                }
                if stopping.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Ok(()));
                }
                if !link.take_idle() && (told || !asked.load(Ordering::Relaxed)) {
                    return Poll::Pending;
                }
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        });
        if let Err(error) = end.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Waits until the stop has come as far as `point`, or the server is gone.
async fn reached(stop: &mut watch::Receiver<Stop>, point: Stop) {
    let _ = stop.wait_for(|now| *now >= point).await;
}
