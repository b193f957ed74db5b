//! A function that has been called: finished already, or a boxed future.
//!
//! Both catch panics, so that a panic is an error of its message alone. A
//! synchronous handler never allocates; an asynchronous one allocates its
//! future, once. A guard's future lies in line in its caller's when it fits.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stackfuture::StackFuture;

use crate::error::{Error, Kind, Result};

/// Bytes of a guard's future that lie in line; a larger one is boxed.
const STEP: usize = 192;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A handler or listener that has been called.
pub enum Call<'a, R> {
    #[doc(hidden)]
    Ready(Option<Result<R>>),
    #[doc(hidden)]
    Boxed(BoxFuture<'a, Result<R>>),
}

impl<'a, R> Call<'a, R> {
    /// A call that has finished.
    #[inline]
    pub fn ready(result: Result<R>) -> Self {
        Self::Ready(Some(result))
    }

    /// A call that goes on as `future`.
    #[inline]
    pub fn future(future: impl Future<Output = Result<R>> + Send + 'a) -> Self {
        Self::Boxed(Box::pin(future))
    }

    /// Calls `start`; a panic in it is a finished call.
    #[inline]
    pub(crate) fn start(start: impl FnOnce() -> Self) -> Self {
        catch_unwind(AssertUnwindSafe(start))
            .unwrap_or_else(|payload| Self::ready(Err(panicked(payload.as_ref()))))
    }
}

impl<R> Unpin for Call<'_, R> {}

impl<R> Future for Call<'_, R> {
    type Output = Result<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Ready(result) => Poll::Ready(result.take().unwrap_or_else(|| Err(resumed()))),
            Self::Boxed(future) => poll_caught(|| future.as_mut().poll(cx)),
        }
    }
}

pin_project! {
    /// A guard that has been called.
    pub struct Step<'a> {
        #[pin]
        state: StepState<'a>,
    }
}

pin_project! {
    #[project = StepProj]
    enum StepState<'a> {
        Ready { result: Option<Result<()>> },
        Future { #[pin] future: StackFuture<'a, Result<()>, STEP> },
    }
}

impl<'a> Step<'a> {
    /// A guard that has finished.
    #[inline]
    pub fn ready(result: Result<()>) -> Self {
        Self { state: StepState::Ready { result: Some(result) } }
    }

    /// A guard that goes on as `future`.
    #[inline]
    pub fn future(future: impl Future<Output = Result<()>> + Send + 'a) -> Self {
        Self { state: StepState::Future { future: StackFuture::from_or_box(future) } }
    }

    /// A guard was handed another message than its own: a fault of ours.
    pub(crate) fn mismatch() -> Self {
        Self::ready(Err(Error::internal("a guard was handed a message of another type")))
    }

    #[inline]
    pub(crate) fn start(start: impl FnOnce() -> Self) -> Self {
        catch_unwind(AssertUnwindSafe(start))
            .unwrap_or_else(|payload| Self::ready(Err(panicked(payload.as_ref()))))
    }
}

impl Future for Step<'_> {
    type Output = Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StepProj::Ready { result } => Poll::Ready(result.take().unwrap_or_else(|| Err(resumed()))),
            StepProj::Future { future } => poll_caught(|| future.poll(cx)),
        }
    }
}

#[inline]
fn poll_caught<R>(poll: impl FnOnce() -> Poll<Result<R>>) -> Poll<Result<R>> {
    catch_unwind(AssertUnwindSafe(poll))
        .unwrap_or_else(|payload| Poll::Ready(Err(panicked(payload.as_ref()))))
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

#[cold]
fn resumed() -> Error {
    Error::internal("a finished call was polled again")
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
