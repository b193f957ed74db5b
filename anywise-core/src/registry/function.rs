//! What a function attribute submits, and how its signature is read.
//!
//! One generated `wire` function a function names every parameter's type. Read
//! without dependencies it describes the signature; read with them it also
//! binds the function. So the description cannot differ from the binding.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::FunctionKind;
use crate::context::scope::Demand;
use crate::error::{FaultInfo, Result};
use crate::message::shape::{Input, Install, InstallGuard};
use crate::message::{Command, MessageMeta, Site, TypeInfo};
use crate::ports::schedule::IsTick;
use crate::registry::requirement::Requirement;
use crate::startup::dependency::{Built, Dep, Dependencies, Dependency};
use crate::walk::call::BoxFuture;
use crate::walk::guard::{Around, Check, CheckAny, IsNext, Target};
use crate::walk::handle::{Handle, HandleNow, Listen, ListenNow, Listener, Now, Waits};
use crate::walk::run::{Held, HoldAll, Ran, RunHandler, RunListener, Take, TakeAll, Taken};
use crate::walk::work::{Work, WorkDemand};

/// Registers a function.
pub struct FunctionEntry {
    pub(crate) kind: FunctionKind,
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) site: Site,
    pub(crate) wire: fn(&mut Wiring<'_>) -> Option<Bound>,
    pub(crate) docs: &'static str,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) schedule: Option<&'static str>,
    pub(crate) blocking: bool,
    pub(crate) requires: &'static [Requirement],
    pub(crate) target: Option<Target>,
    pub(crate) order: i32,
    pub(crate) around: bool,
}

type Wire = fn(&mut Wiring<'_>) -> Option<Bound>;

#[doc(hidden)]
impl FunctionEntry {
    const fn new(
        kind: FunctionKind,
        name: &'static str,
        module: &'static str,
        site: Site,
        wire: Wire,
    ) -> Self {
        Self {
            kind,
            name,
            module,
            site,
            wire,
            docs: "",
            timeout_ms: None,
            concurrency: None,
            schedule: None,
            blocking: false,
            requires: &[],
            target: None,
            order: 0,
            around: false,
        }
    }

    pub const fn handler(name: &'static str, module: &'static str, site: Site, wire: Wire) -> Self {
        Self::new(FunctionKind::Handler, name, module, site, wire)
    }

    pub const fn listener(name: &'static str, module: &'static str, site: Site, wire: Wire) -> Self {
        Self::new(FunctionKind::Listener, name, module, site, wire)
    }

    pub const fn guard(name: &'static str, module: &'static str, site: Site, wire: Wire) -> Self {
        Self::new(FunctionKind::Guard, name, module, site, wire)
    }

    pub const fn provider(name: &'static str, module: &'static str, site: Site, wire: Wire) -> Self {
        Self::new(FunctionKind::Provider, name, module, site, wire)
    }

    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    #[must_use]
    pub const fn timeout_ms(mut self, timeout: u64) -> Self {
        self.timeout_ms = Some(timeout);
        self
    }

    #[must_use]
    pub const fn concurrency(mut self, most: u32) -> Self {
        self.concurrency = Some(most);
        self
    }

    #[must_use]
    pub const fn schedule(mut self, line: &'static str) -> Self {
        self.schedule = Some(line);
        self
    }

    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    #[must_use]
    pub const fn requires(mut self, requires: &'static [Requirement]) -> Self {
        self.requires = requires;
        self
    }

    #[must_use]
    pub const fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    #[must_use]
    pub const fn order(mut self, order: i32) -> Self {
        self.order = order;
        self
    }

    #[must_use]
    pub const fn around(mut self) -> Self {
        self.around = true;
        self
    }
}

impl FunctionEntry {
    /// The stable id: module and name.
    pub(crate) fn id(&self) -> &'static str {
        intern(self.address())
    }

    /// The same as text of its own, to address a delivery with.
    pub(crate) fn address(&self) -> String {
        [self.module, "::", self.name].concat()
    }

    /// Whether a delivery to `target` is for it.
    pub(crate) fn is(&self, target: &str) -> bool {
        let name = target.strip_prefix(self.module).and_then(|rest| rest.strip_prefix("::"));
        name == Some(self.name)
    }
}

inventory::collect!(FunctionEntry);

/// Keeps one copy of each id for ever; there are as many as there are functions.
fn intern(id: String) -> &'static str {
    static IDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut ids = IDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = ids.get(id.as_str()) {
        return known;
    }
    let id: &'static str = id.leak();
    ids.insert(id);
    id
}

/// Installs the listener of an `I`.
type InstallListener<I> = fn(Listener<I>) -> Bound;

/// A function with its dependencies, ready to be installed.
pub enum Bound {
    #[doc(hidden)]
    Function(Install),
    #[doc(hidden)]
    Functions(Vec<Install>),
    #[doc(hidden)]
    Guard(Vec<InstallGuard>),
    #[doc(hidden)]
    GuardAny(Arc<dyn CheckAny>),
    #[doc(hidden)]
    Around(Arc<dyn Around>),
    #[doc(hidden)]
    Provider(BoxFuture<'static, Result<Built>>),
}

#[doc(hidden)]
impl Bound {
    pub fn handler<H: Handle>(handler: H, install: fn(Waits<H::Input, H::Reply>) -> Self) -> Self {
        install(Box::new(handler))
    }

    pub fn handler_now<H: HandleNow>(handler: H, install: fn(Now<H::Input, H::Reply>) -> Self) -> Self {
        install(Box::new(handler))
    }

    pub fn listener<L: Listen>(listener: L, install: InstallListener<L::Input>) -> Self {
        install(Listener::Waits(Box::new(listener)))
    }

    pub fn listener_now<L: ListenNow>(listener: L, install: InstallListener<L::Input>) -> Self {
        install(Listener::Now(Box::new(listener)))
    }

    pub fn run_handler<F, V, U>(
        function: F,
        values: V,
        units: U,
        install: fn(Waits<F::Input, F::Reply>) -> Self,
    ) -> Self
    where
        F: RunHandler + Send + Sync + 'static,
        V: TakeAll<F::Values>,
        U: HoldAll<F::Units>,
    {
        install(Box::new(Ran { function, values, units }))
    }

    pub fn run_listener<F, V, U>(function: F, values: V, units: U, install: InstallListener<F::Input>) -> Self
    where
        F: RunListener + Send + Sync + 'static,
        V: TakeAll<F::Values>,
        U: HoldAll<F::Units>,
    {
        install(Listener::Waits(Box::new(Ran { function, values, units })))
    }

    pub fn guard<G: Check>(guard: G, install: fn(Arc<dyn Check<Input = G::Input>>) -> Self) -> Self {
        install(Arc::new(guard))
    }

    pub fn guard_any<G: CheckAny>(guard: G) -> Self {
        Self::GuardAny(Arc::new(guard))
    }

    pub fn around<G: Around>(guard: G) -> Self {
        Self::Around(Arc::new(guard))
    }

    pub fn provider(build: impl Future<Output = Result<Built>> + Send + 'static) -> Self {
        Self::Provider(Box::pin(build))
    }
}

/// A signature as its `wire` function reads it out.
#[derive(Debug, Default)]
pub(crate) struct Signature {
    pub(crate) receives: &'static [&'static MessageMeta],
    pub(crate) takes: Vec<Param>,
    pub(crate) needs: Vec<Param>,
    pub(crate) writes: Vec<Param>,
    pub(crate) demand: Demand,
    /// The commands a listener may answer with.
    pub(crate) answers: Vec<&'static MessageMeta>,
    pub(crate) work: WorkDemand,
    pub(crate) provides: Option<TypeInfo>,
    pub(crate) builds: Option<TypeInfo>,
    pub(crate) faults: &'static [FaultInfo],
}

impl Signature {
    /// The commands it may send without waiting for them: with a store they are
    /// deliveries.
    pub(crate) fn left_to_store(&self) -> impl Iterator<Item = &&'static MessageMeta> {
        self.answers.iter().chain(&self.work.posts)
    }

    /// The commands and queries it may send, whether it waits for them or not.
    pub(crate) fn sends(&self) -> impl Iterator<Item = &&'static MessageMeta> {
        self.demand.sends.iter().chain(self.left_to_store())
    }
}

/// A parameter: its name and type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) info: TypeInfo,
}

/// Reads a signature, and binds it when the dependencies are there.
pub struct Wiring<'w> {
    pub(crate) signature: Signature,
    pub(crate) dependencies: Option<&'w Dependencies>,
}

/// Reads a function's signature without binding it.
pub(crate) fn describe(entry: &FunctionEntry) -> Signature {
    let mut wiring = Wiring { signature: Signature::default(), dependencies: None };
    // Without dependencies a function that needs some stays unbound.
    drop((entry.wire)(&mut wiring));
    wiring.signature
}

/// Binds a function to its dependencies.
pub(crate) fn bind(entry: &FunctionEntry, dependencies: &Dependencies) -> Option<Bound> {
    let mut wiring = Wiring { signature: Signature::default(), dependencies: Some(dependencies) };
    (entry.wire)(&mut wiring)
}

#[doc(hidden)]
impl Wiring<'_> {
    pub fn receives(&mut self, messages: &'static [&'static MessageMeta]) {
        self.record(|signature| signature.receives = messages);
    }

    pub fn taken<T>(
        &mut self,
        name: &'static str,
        info: fn() -> TypeInfo,
        demand: fn(&mut Demand),
        take: Take<T>,
    ) -> Taken<T> {
        self.takes(name, info, demand);
        Taken(take)
    }

    pub fn takes(&mut self, name: &'static str, info: fn() -> TypeInfo, demand: fn(&mut Demand)) {
        self.record(|signature| {
            signature.takes.push(Param { name, info: info() });
            demand(&mut signature.demand);
        });
    }

    pub fn needs<T: Dependency + ?Sized>(&mut self, name: &'static str) -> Option<Dep<T>> {
        self.record(|signature| signature.needs.push(Param { name, info: TypeInfo::of::<T>() }));
        self.dependencies?.get()
    }

    pub fn held<T>(
        &mut self,
        name: &'static str,
        info: fn() -> TypeInfo,
        demand: fn(&mut WorkDemand),
        begin: Take<T>,
        finish: fn(T, &mut Work) -> Result<()>,
    ) -> Held<T> {
        self.writes(name, info, demand);
        Held { begin, finish }
    }

    pub fn writes(&mut self, name: &'static str, info: fn() -> TypeInfo, demand: fn(&mut WorkDemand)) {
        self.record(|signature| {
            signature.writes.push(Param { name, info: info() });
            demand(&mut signature.work);
        });
    }

    pub fn fails(&mut self, faults: &'static [FaultInfo]) {
        self.record(|signature| signature.faults = faults);
    }

    pub fn answers(&mut self, describe: fn(&mut Vec<&'static MessageMeta>)) {
        self.record(|signature| describe(&mut signature.answers));
    }

    pub fn provides(&mut self, info: fn() -> TypeInfo) {
        self.record(|signature| {
            let info = info();
            signature.provides = (info.id != std::any::TypeId::of::<()>()).then_some(info);
        });
    }

    /// A unit of work in a handler of `I`.
    pub fn writable<I: Writable>(&mut self) {}

    /// The first parameter of a scheduled function.
    pub fn ticks<T: IsTick>(&mut self) {}

    pub fn next<T: IsNext>(&mut self) {}

    pub fn builds(&mut self, info: TypeInfo) {
        self.record(|signature| signature.builds = Some(info));
    }

    /// Binding reads the signature a second time and records nothing.
    fn record(&mut self, write: impl FnOnce(&mut Signature)) {
        if self.dependencies.is_none() {
            write(&mut self.signature);
        }
    }
}

/// An input whose handler may hold units of work: anything but a query.
#[diagnostic::on_unimplemented(
    message = "the handler of the query `{Self}` must not hold a unit of work",
    label = "a query changes nothing",
    note = "remove the `&mut` parameter, or make the message a `#[command]`"
)]
pub trait Writable: Input {}

#[doc(hidden)]
pub trait WritableShape<I> {}
impl<I: Input> Writable for I where I::Shape: WritableShape<I> {}
impl<M: Command> WritableShape<M> for crate::message::shape::Single {}
impl<I, T> WritableShape<I> for crate::message::shape::Many<T> {}
