//! From checked parts to a running application: every function is bound to its
//! dependencies and its guards, and the table is filled.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Inner, Row};
use crate::codec::Codecs;
use crate::message::shape::Install;
use crate::message::{MessageId, MessageMeta};
use crate::ports::consumer::policy::ConsumePolicy;
use crate::ports::consumer::status::Status;
use crate::ports::health::Pulse;
use crate::ports::observer::Observer;
use crate::ports::relay::policy::RelayPolicy;
use crate::ports::store::Store;
use crate::ports::transport::{Remote, Sink, Topology, Transport};
use crate::registry::function::{Bound, FunctionEntry, bind};
use crate::registry::registry;
use crate::startup::beside::Beside;
use crate::startup::dependency::Dependencies;
use crate::startup::model::{Known, Model};
use crate::walk::guard::{Around, Blind, ErasedCheck, Timed};
use crate::walk::in_flight::InFlight;
use crate::walk::once::Memories;
use crate::walk::plan::{Plan, PlanStep, Route};
use crate::walk::publish::PublishPolicy;

/// What an application has beside its functions.
pub(super) struct Parts {
    pub(super) codecs: Codecs,
    pub(super) policy: PublishPolicy,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) sinks: Vec<Arc<dyn Sink>>,
    pub(super) transports: Vec<Arc<dyn Transport>>,
    pub(super) topology: Topology,
    pub(super) beside: Beside,
    pub(super) consume: ConsumePolicy,
    pub(super) remote: Option<Arc<dyn Remote>>,
    pub(super) relay: RelayPolicy,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) drain: Duration,
}

/// Binds every function and fills the table. Nothing here can fail: the checks
/// have passed.
pub(super) fn assemble(model: Model, dependencies: &Dependencies, parts: Parts) -> App {
    let guards = Guards::bind(&model, dependencies);
    let mut table: Vec<Option<Row>> = Vec::new();
    for (_, known) in model.receivers() {
        let installs = match bind(known.entry, dependencies) {
            Some(Bound::Function(install)) => vec![install],
            Some(Bound::Functions(installs)) => installs,
            _ => continue,
        };
        for Install { meta, slot, typed, put, waits, passes } in installs {
            let number = slot.assign();
            if table.len() <= number {
                table.resize_with(number + 1, || None);
            }
            let plan = guards.plan(&model, known, meta, passes);
            let row = table[number].get_or_insert_with(|| Row::new(meta, known.entry));
            if known.is_handler() {
                put(&mut row.handler, typed);
                row.waits = waits;
                row.plan = plan;
            } else {
                put(&mut row.listeners, typed);
                row.listening.push(plan);
            }
        }
    }
    let mut by_name = HashMap::new();
    let here = table.iter().flatten().map(|row| row.meta);
    for meta in model.away.iter().copied().chain(here) {
        if let Some(entry) = registry().entry(meta) {
            by_name.insert(meta.wire_name(), entry);
            by_name.extend(meta.aliases.iter().map(|alias| (*alias, entry)));
        }
    }
    let consumers = consumers(&parts);
    let inner = Arc::new(Inner {
        consumers,
        table,
        by_name,
        model,
        catalog: OnceLock::new(),
        codecs: parts.codecs,
        publish_policy: parts.policy,
        store: parts.store,
        sinks: parts.sinks,
        transports: parts.transports,
        beside: parts.beside,
        consume: parts.consume,
        remote: parts.remote,
        relay: parts.relay,
        observers: parts.observers,
        pulse: Pulse::default(),
        memories: Memories::default(),
        in_flight: Arc::new(InFlight::default()),
        tasks: TaskTracker::new(),
        draining: CancellationToken::new(),
        stopping: CancellationToken::new(),
        drain: parts.drain,
    });
    if inner.store.is_some() {
        crate::ports::relay::start(&inner);
    }
    crate::ports::schedule::start(&inner);
    crate::ports::consumer::start(&inner, &parts.topology);
    App::from_inner(inner)
}

fn consumers(parts: &Parts) -> Vec<Arc<Status>> {
    let each = |transport: &Arc<dyn Transport>| {
        let name = transport.name().to_owned();
        let groups = parts.topology.subscriptions.iter();
        groups.map(move |one| Arc::new(Status::new(&name, &one.group)))
    };
    parts.transports.iter().flat_map(each).collect()
}

impl Row {
    fn new(meta: &'static MessageMeta, entry: &'static FunctionEntry) -> Self {
        Self {
            meta,
            handler: None,
            waits: false,
            plan: Plan::empty(entry, meta),
            listeners: None,
            listening: Vec::new(),
        }
    }
}

/// The bound guards, by place in the model.
struct Guards(HashMap<usize, BoundGuard>);

enum BoundGuard {
    Blind(Arc<dyn ErasedCheck>),
    Of(HashMap<MessageId, Arc<dyn ErasedCheck>>),
    Around(Arc<dyn Around>),
}

impl Guards {
    fn bind(model: &Model, dependencies: &Dependencies) -> Self {
        let mut guards = HashMap::new();
        for at in &model.guards {
            let entry = model.functions[*at].entry;
            let bound = match bind(entry, dependencies) {
                Some(Bound::GuardAny(guard)) => BoundGuard::Blind(timed_check(entry, Arc::new(Blind(guard)))),
                Some(Bound::Around(guard)) => BoundGuard::Around(timed_around(entry, guard)),
                Some(Bound::Guard(guards)) => {
                    let checks =
                        guards.into_iter().map(|(meta, check)| (meta.id(), timed_check(entry, check)));
                    BoundGuard::Of(checks.collect())
                }
                _ => continue,
            };
            guards.insert(*at, bound);
        }
        Self(guards)
    }

    fn plan(&self, model: &Model, known: &Known, meta: &'static MessageMeta, passes: bool) -> Plan {
        let own = &known.signature.demand;
        let (mut key, mut view, mut guards) = (own.key, own.view, Vec::new());
        for at in model.chain(known, meta) {
            let guard = match self.0.get(&at) {
                Some(BoundGuard::Blind(check)) => PlanStep::Before(Arc::clone(check)),
                Some(BoundGuard::Of(checks)) => match checks.get(&meta.id()) {
                    Some(check) => PlanStep::Before(Arc::clone(check)),
                    None => continue,
                },
                Some(BoundGuard::Around(guard)) => PlanStep::Around(Arc::clone(guard)),
                None => continue,
            };
            let demand = &model.functions[at].signature.demand;
            key |= demand.key;
            view |= demand.view;
            guards.push(guard);
        }
        let view = if view { registry().wire(meta).map(|wire| wire.view) } else { None };
        Plan::new(known.entry, meta, Route { guards, passes, key, view })
    }
}

fn timed_check(entry: &'static FunctionEntry, guard: Arc<dyn ErasedCheck>) -> Arc<dyn ErasedCheck> {
    match entry.timeout_ms {
        Some(limit) => Arc::new(Timed::new(guard, limit, entry)),
        None => guard,
    }
}

fn timed_around(entry: &'static FunctionEntry, guard: Arc<dyn Around>) -> Arc<dyn Around> {
    match entry.timeout_ms {
        Some(limit) => Arc::new(Timed::new(guard, limit, entry)),
        None => guard,
    }
}
