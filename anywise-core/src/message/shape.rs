//! What may stand first in a signature: one message, or one of several.
//!
//! A function written for a `#[one_of]` enum is installed once for each of its
//! messages, behind a small adapter that wraps the message in the enum. The
//! dispatcher never sees the enum.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::context::scope::Scope;
use crate::error::Result;
use crate::message::{Event, Message, MessageMeta, Request, Slot};
use crate::walk::call::{BoxFuture, Step};
use crate::walk::guard::{Check, ErasedCheck};
use crate::walk::handle::{Handle, HandleNow, Handler, HandlerOf, Listen, ListenNow, Listener};

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
    /// Whether its calls begin with the guards in front of it.
    pub(crate) passes: bool,
}

/// Takes what was installed.
pub(crate) type Installer<'i> = dyn FnMut(Install) + 'i;

/// Takes what was installed: the message and the guard of it.
pub(crate) type GuardInstaller<'i> = dyn FnMut(&'static MessageMeta, Arc<dyn ErasedCheck>) + 'i;

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
    fn messages() -> Vec<&'static MessageMeta>;
    #[doc(hidden)]
    fn install(handler: Handler<Self, Self::Reply>, to: &mut Installer<'_>);
}

/// An input of a listener.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "a listener receives an event",
    note = "for a command or query use `#[handler]`"
)]
pub trait EventInput: Input {
    #[doc(hidden)]
    fn messages() -> Vec<&'static MessageMeta>;
    #[doc(hidden)]
    fn install(listener: Listener<Self>, to: &mut Installer<'_>);
}

/// An input of a guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "a guard without a target takes its message first",
    note = "take a `#[command]`, `#[query]`, `#[event]` or `#[one_of]` first; a guard that takes no message has a target: `#[guard(slice)]`, `#[guard(commands)]` …"
)]
pub trait GuardInput: Input {
    #[doc(hidden)]
    fn messages() -> Vec<&'static MessageMeta>;
    #[doc(hidden)]
    fn install(guard: Arc<dyn Check<Input = Self>>, to: &mut GuardInstaller<'_>);
}

#[doc(hidden)]
pub trait RequestShape<I> {
    type Reply: Send + Sync + 'static;
    fn messages() -> Vec<&'static MessageMeta>;
    fn install(handler: Handler<I, Self::Reply>, to: &mut Installer<'_>);
}

#[doc(hidden)]
pub trait EventShape<I> {
    fn messages() -> Vec<&'static MessageMeta>;
    fn install(listener: Listener<I>, to: &mut Installer<'_>);
}

#[doc(hidden)]
pub trait GuardShape<I> {
    fn messages() -> Vec<&'static MessageMeta>;
    fn install(guard: Arc<dyn Check<Input = I>>, to: &mut GuardInstaller<'_>);
}

impl<I: Input> RequestInput for I
where
    I::Shape: RequestShape<I>,
{
    type Reply = <I::Shape as RequestShape<I>>::Reply;
    fn messages() -> Vec<&'static MessageMeta> {
        <I::Shape as RequestShape<I>>::messages()
    }
    fn install(handler: Handler<Self, Self::Reply>, to: &mut Installer<'_>) {
        <I::Shape as RequestShape<I>>::install(handler, to);
    }
}

impl<I: Input> EventInput for I
where
    I::Shape: EventShape<I>,
{
    fn messages() -> Vec<&'static MessageMeta> {
        <I::Shape as EventShape<I>>::messages()
    }
    fn install(listener: Listener<Self>, to: &mut Installer<'_>) {
        <I::Shape as EventShape<I>>::install(listener, to);
    }
}

impl<I: Input> GuardInput for I
where
    I::Shape: GuardShape<I>,
{
    fn messages() -> Vec<&'static MessageMeta> {
        <I::Shape as GuardShape<I>>::messages()
    }
    fn install(guard: Arc<dyn Check<Input = Self>>, to: &mut GuardInstaller<'_>) {
        <I::Shape as GuardShape<I>>::install(guard, to);
    }
}

impl<M: Request> RequestShape<M> for Single {
    type Reply = M::Reply;
    fn messages() -> Vec<&'static MessageMeta> {
        vec![M::META]
    }
    fn install(handler: HandlerOf<M>, to: &mut Installer<'_>) {
        let passes = matches!(handler, Handler::Waits(_));
        install_handler(handler, passes, to);
    }
}

fn install_handler<M: Request>(handler: HandlerOf<M>, passes: bool, to: &mut Installer<'_>) {
    let put = |row: &mut Option<Typed>, typed| *row = Some(typed);
    to(Install { meta: M::META, slot: M::slot(), typed: Box::new(handler), put, passes });
}

impl<E: Event> EventShape<E> for Single {
    fn messages() -> Vec<&'static MessageMeta> {
        vec![E::META]
    }
    fn install(listener: Listener<E>, to: &mut Installer<'_>) {
        let passes = matches!(listener, Listener::Waits(_));
        install_listener(listener, passes, to);
    }
}

fn install_listener<E: Event>(listener: Listener<E>, passes: bool, to: &mut Installer<'_>) {
    let put = put_listener::<E>;
    to(Install { meta: E::META, slot: E::slot(), typed: Box::new(listener), put, passes });
}

/// The listeners of an event are one list of one type, found with one look.
fn put_listener<E: Event>(row: &mut Option<Typed>, typed: Typed) {
    let list = row.get_or_insert_with(|| Box::new(Vec::<Listener<E>>::new()));
    if let (Some(list), Ok(listener)) = (list.downcast_mut::<Vec<Listener<E>>>(), typed.downcast()) {
        list.push(*listener);
    }
}

impl<M: Message> GuardShape<M> for Single {
    fn messages() -> Vec<&'static MessageMeta> {
        vec![M::META]
    }
    fn install(guard: Arc<dyn Check<Input = M>>, to: &mut GuardInstaller<'_>) {
        to(M::META, Arc::new(Direct(guard)));
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
    fn new(inner: &Arc<F>) -> Arc<Self> {
        Arc::new(Self { inner: Arc::clone(inner), message: PhantomData })
    }
}

impl<I, M> Handle for Widen<dyn Handle<Input = I, Reply = M::Reply>, M>
where
    I: From<M> + Send + 'static,
    M: Request,
{
    type Input = M;
    type Reply = M::Reply;
    fn handle<'a>(&'a self, scope: Scope<'a>, message: M) -> BoxFuture<'a, Result<M::Reply>> {
        self.inner.handle(scope, I::from(message))
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
    fn listen<'a>(&'a self, scope: Scope<'a>, message: &'a E) -> BoxFuture<'a, Result<()>> {
        let event = I::from(message.clone());
        Box::pin(async move { self.inner.listen(scope, &event).await })
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

fn widen_handler<I, M>(handler: &Handler<I, M::Reply>, to: &mut Installer<'_>)
where
    I: From<M> + Send + 'static,
    M: Request,
{
    let one: HandlerOf<M> = match handler {
        Handler::Waits(inner) => Handler::Waits(Widen::new(inner)),
        Handler::Now(inner) => Handler::Now(Widen::new(inner)),
    };
    install_handler(one, false, to);
}

fn widen_listener<I, E>(listener: &Listener<I>, to: &mut Installer<'_>)
where
    I: From<E> + Send + Sync + 'static,
    E: Event + Clone,
{
    let one: Listener<E> = match listener {
        Listener::Waits(inner) => Listener::Waits(Widen::new(inner)),
        Listener::Now(inner) => Listener::Now(Widen::new(inner)),
    };
    install_listener(one, false, to);
}

struct WidenCheck<I, M> {
    inner: Arc<dyn Check<Input = I>>,
    message: PhantomData<fn(M)>,
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
            fn messages() -> Vec<&'static MessageMeta> {
                vec![$first::META, $($rest::META),*]
            }
            fn install(handler: Handler<I, Self::Reply>, to: &mut Installer<'_>) {
                widen_handler::<I, $first>(&handler, to);
                $(widen_handler::<I, $rest>(&handler, to);)*
            }
        }

        impl<I, $first, $($rest),*> EventShape<I> for Many<($first, $($rest,)*)>
        where
            I: Input<Shape = Self> + From<$first> $(+ From<$rest>)*,
            $first: Event + Clone,
            $($rest: Event + Clone,)*
        {
            fn messages() -> Vec<&'static MessageMeta> {
                vec![$first::META, $($rest::META),*]
            }
            fn install(listener: Listener<I>, to: &mut Installer<'_>) {
                widen_listener::<I, $first>(&listener, to);
                $(widen_listener::<I, $rest>(&listener, to);)*
            }
        }

        impl<I, $first, $($rest),*> GuardShape<I> for Many<($first, $($rest,)*)>
        where
            I: Input<Shape = Self> + From<$first> $(+ From<$rest>)*,
            $first: Message + Clone,
            $($rest: Message + Clone,)*
        {
            fn messages() -> Vec<&'static MessageMeta> {
                vec![$first::META, $($rest::META),*]
            }
            fn install(guard: Arc<dyn Check<Input = I>>, to: &mut GuardInstaller<'_>) {
                to($first::META, Arc::new(WidenCheck::<I, $first> { inner: Arc::clone(&guard), message: PhantomData }));
                $(to($rest::META, Arc::new(WidenCheck::<I, $rest> { inner: Arc::clone(&guard), message: PhantomData }));)*
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
