//! Runs a future that never waits.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The output of `future`, polled once: no runtime stands in the figure.
///
/// # Panics
/// If the future waits for something.
#[inline]
pub fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing in these figures waits"),
    }
}
