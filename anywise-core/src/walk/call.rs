//! A function that has been called, and how its panics are caught.
//!
//! A synchronous handler never allocates; an asynchronous one allocates its
//! future, once. A guard's future lies in line in its caller's when it fits.
//! Panics are caught where the walk is polled, not at every room on it.

use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stackfuture::StackFuture;

use crate::error::{Error, Kind, Result};

/// Bytes of a before-guard's future that lie in line; a larger one is boxed.
const BEFORE: usize = 128;

/// The same of an around-guard, whose future holds what it runs.
const AROUND: usize = 256;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a future will lie.
type Room<F> = Box<MaybeUninit<F>>;

/// Room for the future of a call.
#[inline]
pub fn room<F>() -> Room<F> {
    Box::new_uninit()
}

/// The call that goes on as `future`, which is made in `room`: a future that is
/// made first and boxed then is written twice.
#[inline]
pub fn call<'a, R, F: Future<Output = Result<R>> + Send + 'a>(
    room: Room<F>,
    future: F,
) -> BoxFuture<'a, Result<R>> {
    let future: Pin<Box<F>> = Box::into_pin(Box::write(room, future));
    future
}

pin_project! {
    /// A guard that has been called: finished, or its future in line.
    ///
    /// It is polled where it was returned to: moving it would cost more than
    /// most guards do.
    #[project = GuardedProj]
    pub enum Guarded<F> {
        #[doc(hidden)]
        Ready { result: Option<Result<()>> },
        #[doc(hidden)]
        Future { #[pin] future: F },
    }
}

/// A before-guard that has been called.
pub type Step<'a> = Guarded<StackFuture<'a, Result<()>, BEFORE>>;

/// An around-guard that has been called.
pub type AroundStep<'a> = Guarded<StackFuture<'a, Result<()>, AROUND>>;

impl<'a, const ROOM: usize> Guarded<StackFuture<'a, Result<()>, ROOM>> {
    /// A guard that has finished.
    #[inline]
    pub fn ready(result: Result<()>) -> Self {
        Self::Ready { result: Some(result) }
    }

    /// A guard that goes on as `future`.
    #[inline]
    pub fn future(future: impl Future<Output = Result<()>> + Send + 'a) -> Self {
        Self::Future { future: StackFuture::from_or_box(future) }
    }

    /// A guard was handed another message than its own: a fault of ours.
    #[cold]
    pub(crate) fn mismatch() -> Self {
        Self::ready(Err(Error::internal("a guard was handed a message of another type")))
    }
}

impl<F: Future<Output = Result<()>>> Future for Guarded<F> {
    type Output = Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            GuardedProj::Ready { result } => {
                Poll::Ready(result.take().expect("a guard is polled until it is done"))
            }
            GuardedProj::Future { future } => future.poll(cx),
        }
    }
}

/// Runs `call`; a panic in it is an error of its message alone.
#[inline]
pub(crate) fn caught<T>(call: impl FnOnce() -> T, failed: impl FnOnce(Error) -> T) -> T {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(value) => value,
        Err(payload) => failed(panicked(payload.as_ref())),
    }
}

pin_project! {
    /// A future whose panics are errors.
    pub(crate) struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F> Caught<F> {
    #[inline]
    pub(crate) fn new(future: F) -> Self {
        Self { future }
    }
}

impl<R, F: Future<Output = Result<R>>> Future for Caught<F> {
    type Output = Result<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        caught(|| future.poll(cx), |error| Poll::Ready(Err(error)))
    }
}

/// The error of a message whose function panicked. The panic's text goes to
/// the log only.
#[cold]
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    Error::new(Kind::Internal, "AW1500", format!("a function panicked: {text}"))
}

/// Runs `work` on the blocking pool.
///
/// # Errors
/// The panic of `work`, or that the runtime is shutting down.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => Ok(value),
        Err(error) if error.is_panic() => Err(panicked(error.into_panic().as_ref())),
        Err(_) => Err(Error::new(Kind::Unavailable, "AW1502", "the runtime is shutting down")),
    }
}
