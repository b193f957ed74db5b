//! The byte stream between the socket and hyper: strict about request heads,
//! and the clock of everything that waits for bytes.
//!
//! It follows HTTP/1 from head to head without changing a byte. A head that is
//! refused never reaches hyper, which would answer it with an empty body or
//! read it in its own way: the screen leaves the answer with the [`Link`] and
//! hands hyper one request of its own, which the service answers with it. So
//! replies to requests pipelined before it still go out first, in order. HTTP/2
//! and upgraded connections pass untouched; only their idle time is kept.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::admission::Ticket;
use crate::chunks::{Broken, Chunks};
use crate::head::{self, Framing};
use crate::limits::Limits;
use crate::link::Link;
use crate::problem::Problem;

/// The method of the request that stands for a refused one.
pub(crate) const REFUSED: &str = "ANYWISE-REFUSED";
const STAND_IN: &[u8] = b"ANYWISE-REFUSED / HTTP/1.1\r\nhost: -\r\nconnection: close\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much of what a refused client still sends is read away, so that the
/// answer is not lost to a connection reset.
const LINGER_BYTES: usize = 256 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing read yet: HTTP/1 or HTTP/2.
    Start,
    Head,
    Body(u64),
    Chunked(Chunks),
    /// HTTP/2 or upgraded; true once it was told to go.
    Opaque(bool),
    /// The chunks of a body make no sense: its reader is told.
    Broken,
    /// Refused: nothing more is read.
    Ended,
}

/// A stream that lets only well-formed request heads through.
#[derive(Debug)]
pub(crate) struct Screen<S> {
    stream: S,
    link: Arc<Link>,
    limits: Arc<Limits>,
    phase: Phase,
    /// Bytes of a head that is not whole yet, and how far they were searched.
    held: Vec<u8>,
    searched: usize,
    /// Since when a head is not whole.
    since: Option<Instant>,
    /// Bytes for hyper that came through `held`.
    passed: Vec<u8>,
    given: usize,
    read_clock: Option<Pin<Box<Sleep>>>,
    write_clock: Option<Pin<Box<Sleep>>>,
    lingered: Option<usize>,
    /// The place of this connection, held through an upgrade too.
    _ticket: Ticket,
}

impl<S> Screen<S> {
    pub(crate) fn new(stream: S, link: Arc<Link>, limits: Arc<Limits>, ticket: Ticket) -> Self {
        Self {
            stream,
            link,
            limits,
            phase: Phase::Start,
            held: Vec::new(),
            searched: 0,
            since: None,
            passed: Vec::new(),
            given: 0,
            read_clock: None,
            write_clock: None,
            lingered: None,
            _ticket: ticket,
        }
    }

    /// Follows `bytes` as far as they may pass; a partial head stays behind.
    fn follow(&mut self, bytes: &[u8]) -> (usize, Option<Problem>) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match self.phase {
                Phase::Start if rest.len() < PREFACE.len() && PREFACE.starts_with(rest) => break,
                Phase::Start if rest.starts_with(PREFACE) => self.phase = Phase::Opaque(false),
                Phase::Start => self.phase = Phase::Head,
                // RFC 9112 lets a client send an empty line before a request.
                Phase::Head if rest.starts_with(b"\r\n") => at += 2,
                Phase::Head => match self.head(rest) {
                    Ok(0) => break,
                    Ok(used) => at += used,
                    Err(problem) => return (at, Some(problem)),
                },
                Phase::Body(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    at += here;
                    let left = left - here as u64;
                    self.phase = if left == 0 { Phase::Head } else { Phase::Body(left) };
                }
                Phase::Chunked(mut chunks) => {
                    self.phase = match chunks.follow(rest, self.limits.header_size) {
                        Ok((used, done)) => {
                            at += used;
                            if done { Phase::Head } else { Phase::Chunked(chunks) }
                        }
                        Err(Broken) => Phase::Broken,
                    };
                }
                Phase::Opaque(_) => at = bytes.len(),
                Phase::Broken | Phase::Ended => break,
            }
        }
        (at, None)
    }

    /// Looks at a head that starts `bytes`: its length, 0 while it is not whole.
    fn head(&mut self, bytes: &[u8]) -> Result<usize, Problem> {
        let Some(end) = head::end(bytes, self.searched.saturating_sub(3).min(bytes.len())) else {
            head::check_size(bytes, &self.limits)?;
            self.searched = bytes.len();
            return Ok(0);
        };
        self.searched = 0;
        self.phase = match head::check(&bytes[..end], &self.limits)? {
            Framing::Length(0) => Phase::Head,
            Framing::Length(length) => Phase::Body(length),
            Framing::Chunked => Phase::Chunked(Chunks::new()),
        };
        Ok(end)
    }

    /// Gives hyper the stand-in, and reads nothing more.
    fn end(&mut self, problem: Problem) {
        self.link.refuse(problem);
        self.passed.extend_from_slice(STAND_IN);
        self.held = Vec::new();
        self.phase = Phase::Ended;
    }

    /// Takes in what was just read to the end of `buf`, leaving there what may pass.
    fn sift(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let in_place = self.held.is_empty();
        let mut held = std::mem::take(&mut self.held);
        let fresh = &buf.filled()[before..];
        if !in_place {
            held.extend_from_slice(fresh);
        }
        let bytes = if in_place { fresh } else { &held };
        let (used, problem) = self.follow(bytes);
        let rest = bytes.len() - used;
        if in_place {
            if rest > 0 {
                held.extend_from_slice(&fresh[used..]);
            }
            buf.set_filled(before + used);
        } else {
            buf.set_filled(before);
            self.passed.extend(held.drain(..used));
        }
        if rest == 0 {
            self.since = None;
        } else if used > 0 || self.since.is_none() {
            self.since = Some(Instant::now());
        }
        self.held = held;
        if let Some(problem) = problem {
            self.end(problem);
        }
    }

    /// Until when to wait for bytes; `None` while a request is in flight.
    fn deadline(&self) -> Option<Instant> {
        let Limits { header_time, idle_time, .. } = *self.limits;
        match (self.phase, self.since) {
            (Phase::Start | Phase::Head, Some(since)) => Some(since + header_time),
            (Phase::Start | Phase::Head | Phase::Opaque(false), None) => {
                self.link.idle_deadline(header_time, idle_time)
            }
            (Phase::Opaque(true), Some(told)) => {
                let idle = self.link.idle_deadline(header_time, idle_time)?;
                Some(idle.max(told + header_time))
            }
            _ => None,
        }
    }

    /// Waits for bytes no longer than allowed: `Ready` when hyper has to be told.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<Expired> {
        if self.link.is_upgraded() {
            return Poll::Pending;
        }
        loop {
            let deadline = self.deadline();
            // In flight there is nothing to wait for, but hyper need not ask
            // again when the reply is out: so look again later.
            let look = deadline.unwrap_or_else(|| Instant::now() + self.limits.idle_time);
            let clock = self.read_clock.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(look)));
            if look < clock.deadline() {
                clock.as_mut().reset(look);
            }
            ready!(clock.as_mut().poll(cx));
            let now = Instant::now();
            if deadline.is_none_or(|deadline| deadline > now) {
                let look = deadline.unwrap_or(now + self.limits.idle_time);
                clock.as_mut().reset(look);
                continue;
            }
            match (self.phase, self.since) {
                (Phase::Start | Phase::Head, Some(_)) => {
                    self.end(Problem::too_slow("the head of the request took too long"));
                    return Poll::Ready(Expired::Refused);
                }
                (Phase::Opaque(false), _) => {
                    self.phase = Phase::Opaque(true);
                    self.since = Some(now);
                    self.link.set_idle();
                }
                _ => return Poll::Ready(Expired::Closed),
            }
        }
    }
}

/// What became of a wait that took too long.
enum Expired {
    /// The stand-in is waiting to be read.
    Refused,
    /// The stream is at its end.
    Closed,
}

impl<S: AsyncRead + Unpin> AsyncRead for Screen<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.given < this.passed.len() {
                let rest = &this.passed[this.given..];
                let here = rest.len().min(buf.remaining());
                buf.put_slice(&rest[..here]);
                this.given += here;
                return Poll::Ready(Ok(()));
            }
            this.passed.clear();
            this.given = 0;
            match this.phase {
                Phase::Ended => return Poll::Pending,
                Phase::Broken => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "bad chunk")));
                }
                _ => {}
            }
            let before = buf.filled().len();
            if Pin::new(&mut this.stream).poll_read(cx, buf)?.is_pending() {
                match ready!(this.poll_deadline(cx)) {
                    Expired::Refused => continue,
                    Expired::Closed => return Poll::Ready(Ok(())),
                }
            }
            let end = buf.filled().len() == before;
            if end || matches!(this.phase, Phase::Opaque(_)) || this.link.is_upgraded() {
                return Poll::Ready(Ok(()));
            }
            this.sift(buf, before);
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Screen<S> {
    /// Lets a client that takes nothing wait only so long.
    fn timed<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = write(Pin::new(&mut self.stream), cx) {
            if self.write_clock.is_some() {
                self.write_clock = None;
            }
            return Poll::Ready(done);
        }
        let time = self.limits.write_time;
        let clock = self.write_clock.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        ready!(clock.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no bytes")))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Screen<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().timed(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().timed(cx, |stream, cx| stream.poll_write_vectored(cx, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().timed(cx, S::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingered.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if matches!(this.phase, Phase::Start | Phase::Head | Phase::Opaque(_)) {
                return Poll::Ready(Ok(()));
            }
            this.lingered = Some(0);
            this.write_clock = Some(Box::pin(tokio::time::sleep(LINGER_TIME)));
        }
        let mut space = [0; 4096];
        while this.lingered.is_some_and(|bytes| bytes < LINGER_BYTES) {
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    this.lingered = this.lingered.map(|bytes| bytes + buf.filled().len());
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    if let Some(clock) = &mut this.write_clock {
                        ready!(clock.as_mut().poll(cx));
                    }
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
