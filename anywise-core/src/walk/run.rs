//! The future of a function that may wait, written once for all of them.
//!
//! An attribute says of its function what is its own: the types of what it
//! takes and returns, and how it is called. What stands around that is the same
//! for every function and is here, generic, so that a user's crate does not
//! check it anew for each of them.

use std::any::Any;

use crate::context::scope::{Luggage, Place, Scope};
use crate::error::Result;
use crate::walk::call::{BoxFuture, call, room};
use crate::walk::commit::commit;
use crate::walk::handle::{Answers, Handle, Listen};
use crate::walk::plan::pass;
use crate::walk::work::{Work, work};

/// Takes a value from the context, or begins a unit of work.
pub(crate) type Take<T> = fn(&mut Scope<'_>) -> Result<T>;

/// How a value of the type `T` is taken from the context.
///
/// A pointer to the function, made where the attribute names the type as a
/// parameter: what the type lacks is asked for there and nowhere else, so that
/// the compiler says it once, on the right word.
pub struct Taken<T>(pub(crate) Take<T>);

/// How a unit of work of the type `T` begins and is handed back.
pub struct Held<T> {
    pub(crate) begin: Take<T>,
    pub(crate) finish: fn(T, &mut Work) -> Result<()>,
}

/// How all values `V` of a function are taken: `()`, or the first of them and
/// the others.
pub trait TakeAll<V>: Send + Sync + 'static {
    #[doc(hidden)]
    fn take(&self, scope: &mut Scope<'_>) -> Result<V>;
}

impl TakeAll<()> for () {
    #[inline]
    fn take(&self, _: &mut Scope<'_>) -> Result<()> {
        Ok(())
    }
}

impl<T: 'static, V, Rest: TakeAll<V>> TakeAll<(T, V)> for (Taken<T>, Rest) {
    #[inline]
    fn take(&self, scope: &mut Scope<'_>) -> Result<(T, V)> {
        let first = (self.0.0)(scope)?;
        Ok((first, self.1.take(scope)?))
    }
}

/// How all units of work `U` of a function begin and are handed back.
pub trait HoldAll<U>: Send + Sync + 'static {
    #[doc(hidden)]
    const ANY: bool;
    #[doc(hidden)]
    fn begin(&self, scope: &mut Scope<'_>) -> Result<U>;
    #[doc(hidden)]
    fn finish(&self, units: U, scope: &mut Scope<'_>) -> Result<()>;
}

impl HoldAll<()> for () {
    const ANY: bool = false;
    #[inline]
    fn begin(&self, _: &mut Scope<'_>) -> Result<()> {
        Ok(())
    }
    #[inline]
    fn finish(&self, (): (), _: &mut Scope<'_>) -> Result<()> {
        Ok(())
    }
}

impl<T: 'static, U, Rest: HoldAll<U>> HoldAll<(T, U)> for (Held<T>, Rest) {
    const ANY: bool = true;
    #[inline]
    fn begin(&self, scope: &mut Scope<'_>) -> Result<(T, U)> {
        let first = (self.0.begin)(scope)?;
        Ok((first, self.1.begin(scope)?))
    }
    #[inline]
    fn finish(&self, (first, rest): (T, U), scope: &mut Scope<'_>) -> Result<()> {
        (self.0.finish)(first, work(scope))?;
        self.1.finish(rest, scope)
    }
}

/// A bound function with how its values are taken and its units held.
pub struct Ran<F, V, U> {
    pub(crate) function: F,
    pub(crate) values: V,
    pub(crate) units: U,
}

/// What the attribute says of a handler that may wait.
pub trait RunHandler {
    /// The first parameter.
    type Input: Send + Sync + 'static;
    /// What the handler of it answers.
    type Reply: Send + Sync + 'static;
    /// What the function returns.
    type Output;
    /// What it takes by value.
    type Values;
    /// Its units of work.
    type Units: Send;

    /// Calls the function.
    fn run<'a>(
        &'a self,
        message: Self::Input,
        values: Self::Values,
        units: &'a mut Self::Units,
    ) -> impl Future<Output = Self::Output> + Send + 'a;

    /// Turns what it returned into the reply.
    ///
    /// # Errors
    /// The function's.
    fn reply(output: Self::Output) -> Result<Self::Reply>;
}

impl<F, V, U> Handle for Ran<F, V, U>
where
    F: RunHandler + Send + Sync + 'static,
    V: TakeAll<F::Values>,
    U: HoldAll<F::Units>,
{
    type Input = F::Input;
    type Reply = F::Reply;

    fn handle<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: F::Input,
    ) -> BoxFuture<'a, Result<F::Reply>> {
        let room = room();
        let mut scope = Scope::new(place, luggage);
        call(room, async move {
            if scope.is_guarded()
                && let Err(error) = pass(&mut scope, &message).await
            {
                return Err(error);
            }
            let (values, mut units) = match begin(&self.values, &self.units, &mut scope) {
                Ok(begun) => begun,
                Err(error) => return Err(error),
            };
            let output = self.function.run(message, values, &mut units).await;
            let reply = match F::reply(output) {
                Ok(reply) => reply,
                Err(error) => return Err(error),
            };
            if U::ANY
                && let Err(error) = keep(&self.units, units, &mut scope, &reply).await
            {
                return Err(error);
            }
            scope.close();
            Ok(reply)
        })
    }
}

/// What the attribute says of a listener that may wait.
pub trait RunListener {
    /// The first parameter.
    type Input: Send + Sync + 'static;
    /// What the function returns.
    type Output;
    /// What it takes by value.
    type Values;
    /// Its units of work.
    type Units: Send;
    /// Whether it may answer with commands.
    const SENDS: bool;

    /// Calls the function.
    fn run<'a>(
        &'a self,
        message: &'a Self::Input,
        values: Self::Values,
        units: &'a mut Self::Units,
    ) -> impl Future<Output = Self::Output> + Send + 'a;

    /// Collects the commands it answered with.
    ///
    /// # Errors
    /// The function's.
    fn answers(output: Self::Output) -> Result<Answers>;
}

impl<F, V, U> Listen for Ran<F, V, U>
where
    F: RunListener + Send + Sync + 'static,
    V: TakeAll<F::Values>,
    U: HoldAll<F::Units>,
{
    type Input = F::Input;

    fn listen<'a>(
        &'a self,
        place: Place<'a>,
        luggage: Luggage,
        message: &'a F::Input,
    ) -> BoxFuture<'a, Result<()>> {
        let room = room();
        let mut scope = Scope::new(place, luggage);
        call(room, async move {
            if scope.is_guarded()
                && let Err(error) = pass(&mut scope, message).await
            {
                return Err(error);
            }
            let (values, mut units) = match begin(&self.values, &self.units, &mut scope) {
                Ok(begun) => begun,
                Err(error) => return Err(error),
            };
            let output = self.function.run(message, values, &mut units).await;
            let answers = match F::answers(output) {
                Ok(answers) => answers,
                Err(error) => return Err(error),
            };
            if F::SENDS {
                answers.record(&mut scope);
            } else {
                answers.none();
            }
            if (U::ANY || F::SENDS)
                && let Err(error) = keep(&self.units, units, &mut scope, &()).await
            {
                return Err(error);
            }
            scope.close();
            Ok(())
        })
    }
}

/// Takes all values of a function and begins all its units of work.
#[inline]
fn begin<V, U>(values: &impl TakeAll<V>, units: &impl HoldAll<U>, scope: &mut Scope<'_>) -> Result<(V, U)> {
    let values = values.take(scope)?;
    Ok((values, units.begin(scope)?))
}

/// Hands all units of work back and commits them.
///
/// Its type is forgotten: a future that waits for it does not compile its parts
/// once more. It is boxed, since a commit is more than an allocation.
#[inline(never)]
fn keep<'a, U, H: HoldAll<U>>(
    held: &H,
    units: U,
    scope: &'a mut Scope<'_>,
    reply: &'a (dyn Any + Send + Sync),
) -> BoxFuture<'a, Result<()>> {
    let finished = held.finish(units, scope);
    committed(finished, scope, reply)
}

fn committed<'a>(
    finished: Result<()>,
    scope: &'a mut Scope<'_>,
    reply: &'a (dyn Any + Send + Sync),
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        finished?;
        commit(scope, reply).await
    })
}
