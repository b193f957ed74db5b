//! The future of a function that may wait, written once for all of them.
//!
//! An attribute says of its function what is its own: the types of what it
//! takes and returns, and how it is called. What stands around that is the same
//! for every function and is here, generic, so that a user's crate does not
//! check it anew for each of them.

use std::any::Any;

use stackfuture::StackFuture;

use crate::context::scope::Scope;
use crate::error::Result;
use crate::walk::call::{BoxFuture, call, room};
use crate::walk::commit::commit;
use crate::walk::handle::{Answers, Handle, Listen};
use crate::walk::plan::pass;

/// Bytes of a commit that lie in line; a larger one is boxed.
const COMMIT: usize = 512;

/// The units of work of a function: `()`, or the first of them and the others.
pub trait Units {
    /// Whether there is any.
    const ANY: bool;
}

impl Units for () {
    const ANY: bool = false;
}

// Says nothing of the unit: that it is one is asked where the attribute names it
// as a parameter, so that the compiler says it once.
impl<T, Rest> Units for (T, Rest) {
    const ANY: bool = true;
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
    type Units: Units + Send;

    /// Takes the values and begins the units of work.
    ///
    /// # Errors
    /// The first of them that there is not.
    fn take(scope: &mut Scope<'_>) -> Result<(Self::Values, Self::Units)>;

    /// Calls the function.
    fn run<'a>(
        &'a self,
        message: Self::Input,
        values: Self::Values,
        units: &'a mut Self::Units,
    ) -> impl Future<Output = Self::Output> + Send + 'a;

    /// Turns what it returned into the reply and hands the units of work back.
    ///
    /// # Errors
    /// The function's, or that a unit cannot be kept.
    fn finish(output: Self::Output, units: Self::Units, scope: &mut Scope<'_>) -> Result<Self::Reply>;
}

impl<F: RunHandler + Send + Sync + 'static> Handle for F {
    type Input = F::Input;
    type Reply = F::Reply;

    fn handle<'a>(&'a self, mut scope: Scope<'a>, message: F::Input) -> BoxFuture<'a, Result<F::Reply>> {
        let room = room();
        call(room, async move {
            if scope.is_guarded()
                && let Err(error) = pass(&mut scope, &message).await
            {
                return Err(error);
            }
            let (values, mut units) = match F::take(&mut scope) {
                Ok(taken) => taken,
                Err(error) => return Err(error),
            };
            let output = self.run(message, values, &mut units).await;
            let reply = match F::finish(output, units, &mut scope) {
                Ok(reply) => reply,
                Err(error) => return Err(error),
            };
            if F::Units::ANY
                && let Err(error) = committed(&mut scope, &reply).await
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
    type Units: Units + Send;

    /// Whether it may answer with commands.
    const SENDS: bool;

    /// Takes the values and begins the units of work.
    ///
    /// # Errors
    /// The first of them that there is not.
    fn take(scope: &mut Scope<'_>) -> Result<(Self::Values, Self::Units)>;

    /// Calls the function.
    fn run<'a>(
        &'a self,
        message: &'a Self::Input,
        values: Self::Values,
        units: &'a mut Self::Units,
    ) -> impl Future<Output = Self::Output> + Send + 'a;

    /// Collects what it answered and hands the units of work back.
    ///
    /// # Errors
    /// The function's, or that a unit cannot be kept.
    fn finish(output: Self::Output, units: Self::Units, scope: &mut Scope<'_>) -> Result<Answers>;
}

impl<F: RunListener + Send + Sync + 'static> Listen for F {
    type Input = F::Input;

    fn listen<'a>(&'a self, mut scope: Scope<'a>, message: &'a F::Input) -> BoxFuture<'a, Result<()>> {
        let room = room();
        call(room, async move {
            if scope.is_guarded()
                && let Err(error) = pass(&mut scope, message).await
            {
                return Err(error);
            }
            let (values, mut units) = match F::take(&mut scope) {
                Ok(taken) => taken,
                Err(error) => return Err(error),
            };
            let output = self.run(message, values, &mut units).await;
            let answers = match F::finish(output, units, &mut scope) {
                Ok(answers) => answers,
                Err(error) => return Err(error),
            };
            if F::SENDS {
                answers.record(&mut scope);
            } else {
                answers.none();
            }
            if (F::Units::ANY || F::SENDS)
                && let Err(error) = committed(&mut scope, &()).await
            {
                return Err(error);
            }
            scope.close();
            Ok(())
        })
    }
}

/// The commit, its type forgotten: a future that holds it does not compile its
/// parts once more.
fn committed<'a>(
    scope: &'a mut Scope<'_>,
    reply: &'a (dyn Any + Send + Sync),
) -> StackFuture<'a, Result<()>, COMMIT> {
    StackFuture::from_or_box(commit(scope, reply))
}
