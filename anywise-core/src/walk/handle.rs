//! The typed form of handlers and listeners, and what they may return.
//!
//! The attributes implement [`Handle`] or [`Listen`] once a function; the
//! dispatcher calls them through `dyn`. Return types are sorted by traits, not
//! by the macro.

use crate::context::scope::{Luggage, Place, Scope};
use crate::error::{Error, FaultInfo, IntoError, Result};
use crate::message::shape::{RequestInput, Typed};
use crate::message::{Command, MessageMeta, Request};
use crate::walk::call::BoxFuture;
use crate::walk::record::Recorded;

/// What the handler of `I` answers.
pub type ReplyOf<I> = <I as RequestInput>::Reply;

/// A bound handler that may wait: its dependencies, and the call.
///
/// That `Input` is a request is not demanded here: the expansion asks for it in
/// the same words wherever it matters, so that the compiler says it once.
pub trait Handle: Send + Sync + 'static {
    /// The first parameter.
    type Input: Send + 'static;
    /// What the handler of it answers.
    type Reply: Send + Sync + 'static;
    /// Makes the future of a call, which begins with [`pass`](crate::walk::plan::pass).
    fn handle<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: Self::Input,
    ) -> BoxFuture<'a, Result<Self::Reply>>;
}

/// A bound handler that never waits.
pub trait HandleNow: Send + Sync + 'static {
    /// The first parameter.
    type Input: Send + 'static;
    /// What the handler of it answers.
    type Reply: Send + Sync + 'static;
    /// Calls the function.
    ///
    /// # Errors
    /// The function's own.
    fn handle(&self, scope: &mut Scope<'_>, message: Self::Input) -> Result<Self::Reply>;
}

/// A handler of an `I` that may wait, whatever its own type.
pub(crate) type Waits<I, R> = Box<dyn Handle<Input = I, Reply = R>>;

/// A handler of an `I` that never waits, whatever its own type.
pub(crate) type Now<I, R> = Box<dyn HandleNow<Input = I, Reply = R>>;

/// The handler of the request `M`, found in its row.
pub(crate) enum HandlerOf<'a, M: Request> {
    Waits(&'a dyn Handle<Input = M, Reply = ReplyOf<M>>),
    Now(&'a dyn HandleNow<Input = M, Reply = ReplyOf<M>>),
}

impl<'a, M: Request> HandlerOf<'a, M> {
    /// What a row holds is one of two types. That it is not one enum spares the
    /// crate of each handler the code of the other half.
    #[inline]
    pub(crate) fn of(typed: &'a Typed, waits: bool) -> Option<Self> {
        if waits {
            typed.downcast_ref::<Waits<M, ReplyOf<M>>>().map(|handler| Self::Waits(&**handler))
        } else {
            typed.downcast_ref::<Now<M, ReplyOf<M>>>().map(|handler| Self::Now(&**handler))
        }
    }
}

/// A bound listener that may wait: its dependencies, and the call.
pub trait Listen: Send + Sync + 'static {
    /// The first parameter.
    type Input: Send + Sync + 'static;
    /// Makes the future of a call, which begins with [`pass`](crate::walk::plan::pass).
    fn listen<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: &'a Self::Input,
    ) -> BoxFuture<'a, Result<()>>;
}

/// A bound listener that never waits.
pub trait ListenNow: Send + Sync + 'static {
    /// The first parameter.
    type Input: Send + Sync + 'static;
    /// Calls the function.
    ///
    /// # Errors
    /// The function's own.
    fn listen(&self, scope: &mut Scope<'_>, message: &Self::Input) -> Result<()>;
}

/// The listener of an `I`, whatever its own type.
pub enum Listener<I> {
    #[doc(hidden)]
    Waits(Box<dyn Listen<Input = I>>),
    #[doc(hidden)]
    Now(Box<dyn ListenNow<Input = I>>),
}

/// What the handler of a message with reply `R` may return: `R`,
/// `Result<R, E>` with a [`Fault`](crate::Fault) `E`, or `anywise::Result<R>`.
#[diagnostic::on_unimplemented(
    message = "a handler of this message must return `{R}`",
    label = "returns `{Self}`",
    note = "return `{R}`, `Result<{R}, E>` with a `Fault` as `E`, or `anywise::Result<{R}>`; or change `reply = ..` of the message"
)]
pub trait IntoReply<R>: Sized {
    #[doc(hidden)]
    const DECLARED: &'static [FaultInfo] = &[];
    #[doc(hidden)]
    fn into_reply(self) -> Result<R>;
}

impl<R> IntoReply<R> for R {
    fn into_reply(self) -> Result<R> {
        Ok(self)
    }
}

impl<R, E: IntoError> IntoReply<R> for Result<R, E> {
    const DECLARED: &'static [FaultInfo] = E::DECLARED;
    fn into_reply(self) -> Result<R> {
        self.map_err(IntoError::into_error)
    }
}

/// What a listener may return: nothing, or commands.
///
/// `()`, a command, `Option`, `Vec` and tuples of these, and `Result` of any.
/// The commands are dispatched after the listener's work is committed, through
/// their guards like any other. With a store they are kept in the same commit,
/// as deliveries of their own; without one they are waited for.
#[diagnostic::on_unimplemented(
    message = "a listener cannot return `{Self}`",
    label = "neither `()` nor commands",
    note = "return `()`, a `#[command]`, an `Option`, `Vec` or tuple of commands, or a `Result` of one of these"
)]
pub trait Answer: Send {
    #[doc(hidden)]
    const DECLARED: &'static [FaultInfo] = &[];
    /// Whether there can be a command in it.
    #[doc(hidden)]
    const SENDS: bool = true;
    #[doc(hidden)]
    fn collect(self, into: &mut Answers) -> Result<()>;
    #[doc(hidden)]
    fn describe(into: &mut Vec<&'static MessageMeta>);
}

/// Commands a listener answered with.
#[derive(Default)]
pub struct Answers(Vec<Recorded>);

impl Answers {
    /// Ends one in which there can be no command.
    #[inline]
    pub fn none(self) {
        debug_assert!(self.0.is_empty(), "its listener returns no command");
        std::mem::forget(self);
    }

    /// Puts them to the work of the listener's event.
    #[inline]
    pub fn record(self, scope: &mut Scope<'_>) {
        if !self.0.is_empty() {
            scope.extra().work.answers = self.0;
        }
    }
}

impl Answer for () {
    const SENDS: bool = false;
    fn collect(self, _: &mut Answers) -> Result<()> {
        Ok(())
    }
    fn describe(_: &mut Vec<&'static MessageMeta>) {}
}

impl<C: Command> Answer for C {
    fn collect(self, into: &mut Answers) -> Result<()> {
        into.0.push(Recorded::new(self));
        Ok(())
    }
    fn describe(into: &mut Vec<&'static MessageMeta>) {
        into.push(C::META);
    }
}

impl<A: Answer> Answer for Option<A> {
    const DECLARED: &'static [FaultInfo] = A::DECLARED;
    const SENDS: bool = A::SENDS;
    fn collect(self, into: &mut Answers) -> Result<()> {
        self.map_or(Ok(()), |answer| answer.collect(into))
    }
    fn describe(into: &mut Vec<&'static MessageMeta>) {
        A::describe(into);
    }
}

impl<T: Answer> Answer for Vec<T> {
    const DECLARED: &'static [FaultInfo] = T::DECLARED;
    const SENDS: bool = T::SENDS;
    fn collect(self, into: &mut Answers) -> Result<()> {
        self.into_iter().try_for_each(|answer| answer.collect(into))
    }
    fn describe(into: &mut Vec<&'static MessageMeta>) {
        T::describe(into);
    }
}

impl<A: Answer, E: IntoError + Send> Answer for Result<A, E> {
    const DECLARED: &'static [FaultInfo] = E::DECLARED;
    const SENDS: bool = A::SENDS;
    fn collect(self, into: &mut Answers) -> Result<()> {
        self.map_err(IntoError::into_error)?.collect(into)
    }
    fn describe(into: &mut Vec<&'static MessageMeta>) {
        A::describe(into);
    }
}

macro_rules! answers {
    ($($name:ident)*) => {
        impl<$($name: Answer),*> Answer for ($($name,)*) {
            #[expect(non_snake_case, reason = "a variable for each type parameter")]
            fn collect(self, into: &mut Answers) -> Result<()> {
                let ($($name,)*) = self;
                $($name.collect(into)?;)*
                Ok(())
            }
            fn describe(into: &mut Vec<&'static MessageMeta>) {
                $($name::describe(into);)*
            }
        }
    };
}

answers!(A B);
answers!(A B C);
answers!(A B C D);
answers!(A B C D E);
answers!(A B C D E F);

/// A message a function takes by value although others receive it too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken by value here",
    label = "not `Clone`",
    note = "several functions receive this message: take `&{Self}`, or derive `Clone` for it"
)]
pub trait Owned: Clone {}
impl<M: Clone> Owned for M {}

/// A copy of its own for a function that takes the message by value.
pub fn owned<M: Owned>(message: &M) -> M {
    message.clone()
}

/// An error for a message that has nowhere to go.
pub(crate) fn no_handler(meta: &'static MessageMeta) -> Error {
    Error::new(
        crate::error::Kind::Unavailable,
        "AW4006",
        format!("`{}` has no handler in this application and no remote takes it", meta.wire_name()),
    )
}
