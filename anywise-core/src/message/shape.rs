//! What may stand first in a signature: one message, or one of several.
//!
//! A function written for a `#[one_of]` enum is installed once for each of its
//! messages, behind a small adapter that wraps the message in the enum. The
//! dispatcher never sees the enum.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::context::scope::{Luggage, Place, Scope};
use crate::error::Result;
use crate::message::{Event, Message, MessageMeta, Request, Slot};
use crate::registry::function::Bound;
use crate::walk::call::{BoxFuture, Step};
use crate::walk::guard::{Check, ErasedCheck};
use crate::walk::handle::{Handle, HandleNow, Listen, ListenNow, Listener, Now, Waits};

/// A type that may be the first parameter of a handler, listener or guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "the first parameter must be the message",
    note = "put `#[command]`, `#[query]`, `#[event]` or, on an enum of messages, `#[one_of]` on `{Self}`; or move the message to the front"
)]
pub trait Input: Send + Sync + Sized + 'static {
    #[doc(hidden)]
    type Shape;
}

/// The shape of a message itself.
pub struct Single;

/// The shape of an enum of the messages in the tuple `T`.
pub struct Many<T>(PhantomData<T>);

/// Something whose type is that of a message's row.
pub(crate) type Typed = Box<dyn Any + Send + Sync>;

/// What was installed: the typed function for one message.
pub struct Install {
    pub(crate) meta: &'static MessageMeta,
    pub(crate) slot: &'static Slot,
    pub(crate) typed: Typed,
    /// Puts it into the row of its message, whose type it knows.
    pub(crate) put: fn(&mut Option<Typed>, Typed),
    /// Whether it may wait.
    pub(crate) waits: bool,
    /// Whether its calls begin with the guards in front of it.
    pub(crate) passes: bool,
}

/// What was installed of a guard: the message, and the guard of it.
pub(crate) type InstallGuard = (&'static MessageMeta, Arc<dyn ErasedCheck>);

/// An input of a handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command or query",
    label = "a handler answers a command or query",
    note = "for an event use `#[listen]`"
)]
pub trait RequestInput: Input {
    /// What the handler answers.
    type Reply: Send + Sync + 'static;
    #[doc(hidden)]
    const MESSAGES: &'static [&'static MessageMeta];
    #[doc(hidden)]
    fn waits(handler: Waits<Self, Self::Reply>) -> Bound;
    #[doc(hidden)]
    fn now(handler: Now<Self, Self::Reply>) -> Bound;
}

/// An input of a listener.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "a listener receives an event",
    note = "for a command or query use `#[handler]`"
)]
pub trait EventInput: Input {
    #[doc(hidden)]
    const MESSAGES: &'static [&'static MessageMeta];
    #[doc(hidden)]
    fn install(listener: Listener<Self>) -> Bound;
}

/// An input of a guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "a guard without a target takes its message first",
    note = "take a `#[command]`, `#[query]`, `#[event]` or `#[one_of]` first; a guard that takes no message has a target: `#[guard(slice)]`, `#[guard(commands)]` …"
)]
pub trait GuardInput: Input {
    #[doc(hidden)]
    const MESSAGES: &'static [&'static MessageMeta];
    #[doc(hidden)]
    fn install(guard: Arc<dyn Check<Input = Self>>) -> Bound;
}

#[doc(hidden)]
pub trait RequestShape<I> {
    type Reply: Send + Sync + 'static;
    const MESSAGES: &'static [&'static MessageMeta];
    fn waits(handler: Waits<I, Self::Reply>) -> Bound;
    fn now(handler: Now<I, Self::Reply>) -> Bound;
}

#[doc(hidden)]
pub trait EventShape<I> {
    const MESSAGES: &'static [&'static MessageMeta];
    fn install(listener: Listener<I>) -> Bound;
}

#[doc(hidden)]
pub trait GuardShape<I> {
    const MESSAGES: &'static [&'static MessageMeta];
    fn install(guard: Arc<dyn Check<Input = I>>) -> Bound;
}

impl<I: Input> RequestInput for I
where
    I::Shape: RequestShape<I>,
{
    type Reply = <I::Shape as RequestShape<I>>::Reply;
    const MESSAGES: &'static [&'static MessageMeta] = <I::Shape as RequestShape<I>>::MESSAGES;
    fn waits(handler: Waits<Self, Self::Reply>) -> Bound {
        <I::Shape as RequestShape<I>>::waits(handler)
    }
    fn now(handler: Now<Self, Self::Reply>) -> Bound {
        <I::Shape as RequestShape<I>>::now(handler)
    }
}

impl<I: Input> EventInput for I
where
    I::Shape: EventShape<I>,
{
    const MESSAGES: &'static [&'static MessageMeta] = <I::Shape as EventShape<I>>::MESSAGES;
    fn install(listener: Listener<Self>) -> Bound {
        <I::Shape as EventShape<I>>::install(listener)
    }
}

impl<I: Input> GuardInput for I
where
    I::Shape: GuardShape<I>,
{
    const MESSAGES: &'static [&'static MessageMeta] = <I::Shape as GuardShape<I>>::MESSAGES;
    fn install(guard: Arc<dyn Check<Input = Self>>) -> Bound {
        <I::Shape as GuardShape<I>>::install(guard)
    }
}

impl<M: Request> RequestShape<M> for Single {
    type Reply = M::Reply;
    const MESSAGES: &'static [&'static MessageMeta] = &[M::META];
    #[inline]
    fn waits(handler: Waits<M, M::Reply>) -> Bound {
        Bound::Function(install_waits(handler, true))
    }
    #[inline]
    fn now(handler: Now<M, M::Reply>) -> Bound {
        Bound::Function(install_now(handler))
    }
}

#[inline]
fn install_waits<M: Request>(handler: Waits<M, M::Reply>, passes: bool) -> Install {
    Install {
        meta: M::META,
        slot: M::slot(),
        typed: Box::new(handler),
        put: put_handler,
        waits: true,
        passes,
    }
}

#[inline]
fn install_now<M: Request>(handler: Now<M, M::Reply>) -> Install {
    Install {
        meta: M::META,
        slot: M::slot(),
        typed: Box::new(handler),
        put: put_handler,
        waits: false,
        passes: false,
    }
}

fn put_handler(row: &mut Option<Typed>, typed: Typed) {
    *row = Some(typed);
}

impl<E: Event> EventShape<E> for Single {
    const MESSAGES: &'static [&'static MessageMeta] = &[E::META];
    fn install(listener: Listener<E>) -> Bound {
        let passes = matches!(listener, Listener::Waits(_));
        Bound::Function(listens(listener, passes))
    }
}

fn listens<E: Event>(listener: Listener<E>, passes: bool) -> Install {
    Install {
        meta: E::META,
        slot: E::slot(),
        typed: Box::new(listener),
        put: put_listener::<E>,
        waits: passes,
        passes,
    }
}

/// The listeners of an event are one list of one type, found with one look.
fn put_listener<E: Event>(row: &mut Option<Typed>, typed: Typed) {
    let list = row.get_or_insert_with(|| Box::new(Vec::<Listener<E>>::new()));
    if let (Some(list), Ok(listener)) = (list.downcast_mut::<Vec<Listener<E>>>(), typed.downcast()) {
        list.push(*listener);
    }
}

impl<M: Message> GuardShape<M> for Single {
    const MESSAGES: &'static [&'static MessageMeta] = &[M::META];
    fn install(guard: Arc<dyn Check<Input = M>>) -> Bound {
        Bound::Guard(vec![(M::META, Arc::new(Direct(guard)))])
    }
}

/// A guard for exactly its message.
struct Direct<M>(Arc<dyn Check<Input = M>>);

impl<M: Message> ErasedCheck for Direct<M> {
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>, message: &'a (dyn Any + Send + Sync)) -> Step<'a> {
        match message.downcast_ref::<M>() {
            Some(message) => self.0.check(scope, message),
            None => Step::mismatch(),
        }
    }
}

/// A function for an enum, standing in for one of its messages. The guards of
/// the message run before the enum is made of it.
struct Widen<F: ?Sized, M> {
    inner: Arc<F>,
    message: PhantomData<fn(M)>,
}

impl<F: ?Sized, M> Widen<F, M> {
    fn new(inner: &Arc<F>) -> Self {
        Self { inner: Arc::clone(inner), message: PhantomData }
    }
}

impl<I, M> Handle for Widen<dyn Handle<Input = I, Reply = M::Reply>, M>
where
    I: From<M> + Send + 'static,
    M: Request,
{
    type Input = M;
    type Reply = M::Reply;
    fn handle<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: M,
    ) -> BoxFuture<'a, Result<M::Reply>> {
        self.inner.handle(place, luggage, I::from(message))
    }
}

impl<I, M> HandleNow for Widen<dyn HandleNow<Input = I, Reply = M::Reply>, M>
where
    I: From<M> + Send + 'static,
    M: Request,
{
    type Input = M;
    type Reply = M::Reply;
    fn handle(&self, scope: &mut Scope<'_>, message: M) -> Result<M::Reply> {
        self.inner.handle(scope, I::from(message))
    }
}

impl<I, E> Listen for Widen<dyn Listen<Input = I>, E>
where
    I: From<E> + Send + Sync + 'static,
    E: Event + Clone,
{
    type Input = E;
    fn listen<'a>(&'a self, place: Place<'a>, luggage: Luggage, message: &'a E) -> BoxFuture<'a, Result<()>> {
        let event = I::from(message.clone());
        Box::pin(async move { self.inner.listen(place, luggage, &event).await })
    }
}

impl<I, E> ListenNow for Widen<dyn ListenNow<Input = I>, E>
where
    I: From<E> + Send + Sync + 'static,
    E: Event + Clone,
{
    type Input = E;
    fn listen(&self, scope: &mut Scope<'_>, message: &E) -> Result<()> {
        self.inner.listen(scope, &I::from(message.clone()))
    }
}

/// A listener for an enum, to be shared by its messages.
enum SharedListener<I> {
    Waits(Arc<dyn Listen<Input = I>>),
    Now(Arc<dyn ListenNow<Input = I>>),
}

impl<I: Send + Sync + 'static> SharedListener<I> {
    fn new(listener: Listener<I>) -> Self {
        match listener {
            Listener::Waits(listener) => Self::Waits(Arc::from(listener)),
            Listener::Now(listener) => Self::Now(Arc::from(listener)),
        }
    }

    fn widen<E: Event + Clone>(&self) -> Install
    where
        I: From<E>,
    {
        let one: Listener<E> = match self {
            Self::Waits(inner) => Listener::Waits(Box::new(Widen::new(inner))),
            Self::Now(inner) => Listener::Now(Box::new(Widen::new(inner))),
        };
        listens(one, false)
    }
}

struct WidenCheck<I, M> {
    inner: Arc<dyn Check<Input = I>>,
    message: PhantomData<fn(M)>,
}

impl<I, M> WidenCheck<I, M>
where
    I: From<M> + Send + Sync + 'static,
    M: Message + Clone,
{
    fn of(guard: &Arc<dyn Check<Input = I>>) -> InstallGuard {
        (M::META, Arc::new(Self { inner: Arc::clone(guard), message: PhantomData }))
    }
}

impl<I, M> ErasedCheck for WidenCheck<I, M>
where
    I: From<M> + Send + Sync + 'static,
    M: Message + Clone,
{
    fn check<'a>(&'a self, scope: &'a mut Scope<'_>, message: &'a (dyn Any + Send + Sync)) -> Step<'a> {
        match message.downcast_ref::<M>() {
            Some(message) => {
                let message = I::from(message.clone());
                Step::future(async move { self.inner.check(scope, &message).await })
            }
            None => Step::mismatch(),
        }
    }
}

macro_rules! many {
    ($first:ident $($rest:ident)*) => {
        impl<I, $first, $($rest),*> RequestShape<I> for Many<($first, $($rest,)*)>
        where
            I: Input<Shape = Self> + From<$first> $(+ From<$rest>)*,
            $first: Request,
            $($rest: Request<Reply = <$first as Request>::Reply>,)*
        {
            type Reply = <$first as Request>::Reply;
            const MESSAGES: &'static [&'static MessageMeta] = &[$first::META, $($rest::META),*];
            fn waits(handler: Waits<I, Self::Reply>) -> Bound {
                let shared = Arc::from(handler);
                Bound::Functions(vec![
                    install_waits::<$first>(Box::new(Widen::new(&shared)), false)
                    $(, install_waits::<$rest>(Box::new(Widen::new(&shared)), false))*
                ])
            }
            fn now(handler: Now<I, Self::Reply>) -> Bound {
                let shared = Arc::from(handler);
                Bound::Functions(vec![
                    install_now::<$first>(Box::new(Widen::new(&shared))) $(, install_now::<$rest>(Box::new(Widen::new(&shared))))*
                ])
            }
        }

        impl<I, $first, $($rest),*> EventShape<I> for Many<($first, $($rest,)*)>
        where
            I: Input<Shape = Self> + From<$first> $(+ From<$rest>)*,
            $first: Event + Clone,
            $($rest: Event + Clone,)*
        {
            const MESSAGES: &'static [&'static MessageMeta] = &[$first::META, $($rest::META),*];
            fn install(listener: Listener<I>) -> Bound {
                let shared = SharedListener::new(listener);
                Bound::Functions(vec![shared.widen::<$first>() $(, shared.widen::<$rest>())*])
            }
        }

        impl<I, $first, $($rest),*> GuardShape<I> for Many<($first, $($rest,)*)>
        where
            I: Input<Shape = Self> + From<$first> $(+ From<$rest>)*,
            $first: Message + Clone,
            $($rest: Message + Clone,)*
        {
            const MESSAGES: &'static [&'static MessageMeta] = &[$first::META, $($rest::META),*];
            fn install(guard: Arc<dyn Check<Input = I>>) -> Bound {
                Bound::Guard(vec![WidenCheck::<I, $first>::of(&guard) $(, WidenCheck::<I, $rest>::of(&guard))*])
            }
        }
    };
}

many!(A);
many!(A B);
many!(A B C);
many!(A B C D);
many!(A B C D E);
many!(A B C D E F);
many!(A B C D E F G);
many!(A B C D E F G H);
many!(A B C D E F G H J);
many!(A B C D E F G H J K);
many!(A B C D E F G H J K L);
many!(A B C D E F G H J K L M);
