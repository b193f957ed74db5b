//! Request bodies under a size limit and a clock, reply bodies that are counted.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::limits::Limits;
use crate::link::InFlight;
use crate::problem::Problem;

/// Why a request body ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    TooLarge = 1,
    TooSlow = 2,
    Broken = 3,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body comes too slowly",
            Self::Broken => "the body breaks off",
        })
    }
}

impl std::error::Error for BodyFault {}

/// Where a body leaves its fault for the service, whatever the handler made of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultCell(Arc<AtomicU8>);

impl FaultCell {
    fn set(&self, fault: BodyFault) {
        self.0.store(fault as u8, Ordering::Release);
    }

    /// The answer that the fault calls for.
    pub(crate) fn problem(&self, limits: &Limits) -> Option<Problem> {
        match self.0.load(Ordering::Acquire) {
            1 => Some(Problem::body_too_large(limits)),
            2 => Some(Problem::too_slow("the body of the request took too long")),
            3 => Some(Problem::malformed("the body of the request breaks off")),
            _ => None,
        }
    }
}

/// A request body that ends with an error when it is too large or too slow.
pub(crate) struct LimitedBody {
    body: Incoming,
    limits: Arc<Limits>,
    fault: FaultCell,
    received: usize,
    /// When it was first waited for, when it last grew, and how far.
    clock: Option<Clock>,
}

struct Clock {
    since: Instant,
    grown: Instant,
    received: usize,
    sleep: Pin<Box<Sleep>>,
}

impl LimitedBody {
    pub(crate) fn new(body: Incoming, limits: Arc<Limits>, fault: FaultCell) -> Self {
        Self { body, limits, fault, received: 0, clock: None }
    }

    fn fail(&self, fault: BodyFault) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        self.fault.set(fault);
        Poll::Ready(Some(Err(fault)))
    }

    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let received = self.received;
        let clock = self.clock.get_or_insert_with(|| Clock {
            since: now,
            grown: now,
            received,
            sleep: Box::pin(tokio::time::sleep_until(now)),
        });
        if clock.received != received {
            (clock.received, clock.grown) = (received, now);
        }
        let rate = u64::from(self.limits.body_rate.max(1));
        let earned = Duration::from_secs(received as u64 / rate);
        let time = self.limits.body_time;
        let deadline = (clock.since + time.max(earned)).min(clock.grown + time);
        if clock.sleep.deadline() != deadline {
            clock.sleep.as_mut().reset(deadline);
        }
        clock.sleep.as_mut().poll(cx)
    }
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.received += frame.data_ref().map_or(0, Bytes::len);
                if this.received > this.limits.body_size {
                    return this.fail(BodyFault::TooLarge);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => this.fail(BodyFault::Broken),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if this.poll_clock(cx).is_ready() => this.fail(BodyFault::TooSlow),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A reply's body; its request is in flight until it is dropped.
pub(crate) struct ReplyBody {
    body: Body,
    _in_flight: InFlight,
}

impl ReplyBody {
    pub(crate) fn new(body: Body, in_flight: InFlight) -> Self {
        Self { body, _in_flight: in_flight }
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
