//! How much one client, one request and one process may take.

use std::time::Duration;

/// What the server allows; every limit is on by default.
///
/// A request over a limit is answered with a problem document, as far as that
/// can be done on its connection; nothing here is ever waited for without end.
///
/// # Examples
/// ```
/// use anywise_axum::Limits;
///
/// let limits = Limits { body_size: 64 * 1024, ..Limits::default() };
/// assert_eq!(limits.headers, 100);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time for the whole head of a request, and for the first byte on
    /// a new connection. Default 10 s; then 408 `AW1031`.
    pub header_time: Duration,
    /// Longest wait for more of a body, and longest time for a body slower than
    /// [`body_rate`](Self::body_rate). Default 30 s; then 408 `AW1031`.
    pub body_time: Duration,
    /// Bytes a second that a body must average once it has taken longer than
    /// [`body_time`](Self::body_time). Default 1 KiB.
    pub body_rate: u32,
    /// How long a connection may stay open with nothing to do. Default 60 s;
    /// then it is closed without a word.
    pub idle_time: Duration,
    /// Longest time in which a client takes no byte of a reply. Default 30 s;
    /// then the connection is cut.
    pub write_time: Duration,
    /// Most bytes of a body. Default 1 MiB; then 413 `AW1018`.
    pub body_size: usize,
    /// Most bytes of the request target. Default 8 KiB; then 414 `AW1026`.
    pub uri_size: usize,
    /// Most header lines. Default 100; then 431 `AW1027`.
    pub headers: usize,
    /// Most bytes of all header lines together. Default 16 KiB; then 431 `AW1027`.
    pub header_size: usize,
    /// Most connections at one time, and never more than 80 % of the files the
    /// process may open (where `/proc` tells). Default 10,000; then 503 `AW1121`.
    pub connections: usize,
    /// Most connections at one time from one address (IPv6: from one /64).
    /// Default 100; `None` behind a proxy or under a load generator. Then 503
    /// `AW1121`.
    pub connections_per_client: Option<usize>,
    /// How long requests in flight may take once the server is told to stop.
    /// Default 30 s; then their connections are cut.
    pub drain_time: Duration,
    /// Most concurrent streams of an HTTP/2 connection. Default 100.
    pub streams: u32,
    /// Most HTTP/2 streams reset by the client before they were accepted, and
    /// most reset by us for a client's error. Default 20; then the connection
    /// is closed with `ENHANCE_YOUR_CALM`.
    pub resets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            body_rate: 1024,
            idle_time: Duration::from_secs(60),
            write_time: Duration::from_secs(30),
            body_size: 1024 * 1024,
            uri_size: 8 * 1024,
            headers: 100,
            header_size: 16 * 1024,
            connections: 10_000,
            connections_per_client: Some(100),
            drain_time: Duration::from_secs(30),
            streams: 100,
            resets: 20,
        }
    }
}
