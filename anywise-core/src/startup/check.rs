//! The checks at start-up that need signatures alone. Each finds every fault of
//! its sort; none stops at the first.

use std::any::TypeId;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::catalog::{FunctionKind, MessageKind};
use crate::error::wire;
use crate::message::{Message as _, MessageMeta, TypeInfo};
use crate::ports::schedule::Tick;
use crate::ports::transport::{Remote, Sink, Transport};
use crate::registry::requirement::Requirement;
use crate::registry::{MessageEntry, Slice, registry};
use crate::startup::beside::Beside;
use crate::startup::fault::WiringFault;
use crate::startup::model::{Known, Model};

type Faults = Vec<WiringFault>;

/// What the checks know beside the model.
pub(crate) struct Surroundings<'s> {
    pub(crate) slices: Option<&'s [Slice]>,
    pub(crate) remote: Option<&'s Arc<dyn Remote>>,
    pub(crate) sinks: &'s [Arc<dyn Sink>],
    pub(crate) transports: &'s [Arc<dyn Transport>],
    pub(crate) beside: &'s Beside,
    /// Types that senders provide with `.with(value)`.
    pub(crate) sent_along: &'s HashSet<TypeId>,
}

pub(crate) fn all(model: &Model, around: &Surroundings<'_>, faults: &mut Faults) {
    let messages = model.messages();
    slices(model, around, faults);
    handlers(model, &messages, around, faults);
    sent(model, around, faults);
    names(&messages, faults);
    fault_names(model, faults);
    routes(&messages, faults);
    guards(model, faults);
    provided(model, around, faults);
    transactions(model, faults);
    kept(model, faults);
    scheduled(model, faults);
    sinks(around, faults);
    required(model, around, faults);
}

fn sinks(around: &Surroundings<'_>, faults: &mut Faults) {
    let mut names = HashSet::new();
    for sink in around.sinks.iter().filter(|sink| !names.insert(sink.name())) {
        faults.push(WiringFault::new(
            "AW4113",
            format!("two sinks are named `{}`", sink.name()),
            [],
            "give each sink its own name: deliveries are kept under it",
        ));
    }
}

/// What listeners ask of the transports that bring their events.
fn required(model: &Model, around: &Surroundings<'_>, faults: &mut Faults) {
    for (_, known) in model.receivers() {
        for requirement in known.entry.requires {
            for transport in around.transports.iter().filter(|one| !requirement.is_met(one.traits())) {
                faults.push(WiringFault::new(
                    "AW4141",
                    format!(
                        "`{}` requires a transport that is `{}`, which `{}` is not",
                        known.entry.id(),
                        requirement.name(),
                        transport.name()
                    ),
                    [known.entry.site],
                    "use another transport, or settings under which it is; or remove the requirement",
                ));
            }
        }
        let durable = known.entry.requires.contains(&Requirement::Durable);
        if durable && around.transports.is_empty() && !model.durable {
            faults.push(WiringFault::new(
                "AW4141",
                format!(
                    "`{}` requires that its events are durable, and the application has neither a durable store nor a transport",
                    known.entry.id()
                ),
                [known.entry.site],
                "give the application a store with `.store(..)`, or remove the requirement",
            ));
        }
    }
}

fn slices(model: &Model, around: &Surroundings<'_>, faults: &mut Faults) {
    let declared = registry().slices.iter().filter(|slice| !slice.contract && model.is_local(slice.name));
    let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for slice in declared {
        by_name.entry(slice.name).or_default().push(slice.site);
    }
    for (name, sites) in by_name.into_iter().filter(|(_, sites)| sites.len() > 1) {
        let message = format!("slice `{name}` is declared {} times", sites.len());
        faults.push(WiringFault::new("AW4107", message, sites, "give each slice its own name"));
    }
    for slice in around.slices.unwrap_or_default() {
        let empty = !model.functions.iter().any(|known| known.slice == slice.name);
        if empty {
            let site =
                registry().slices.iter().find(|entry| entry.module == slice.module).map(|entry| entry.site);
            faults.push(WiringFault::new(
                "AW4106",
                format!("slice `{}` registers no function", slice.name),
                site,
                "put `#[handler]` or `#[listen]` on its functions, below the module that declares the slice; \
                 if they are in another crate, name that crate's slice",
            ));
        }
    }
}

fn handlers(model: &Model, messages: &[&MessageEntry], around: &Surroundings<'_>, faults: &mut Faults) {
    let handlers = model.handlers();
    for entry in messages.iter().filter(|entry| entry.meta.kind != MessageKind::Event) {
        let meta = entry.meta;
        let found = handlers.get(&meta.id()).map_or(&[][..], Vec::as_slice);
        if found.len() > 1 {
            let sites = found.iter().map(|at| model.functions[*at].entry.site);
            faults.push(WiringFault::new(
                "AW4005",
                format!("`{}` has {} handlers", meta.wire_name(), found.len()),
                sites,
                "a command or query has exactly one handler: remove the others, or make it an event",
            ));
        }
        let ours = model.is_local(registry().slice_of(meta.module));
        let away = around.remote.is_some_and(|remote| remote.reaches(meta.wire_name()));
        if found.is_empty() && ours && !away {
            faults.push(WiringFault::new(
                "AW4006",
                format!("`{}` has no handler", meta.wire_name()),
                [meta.site],
                "write a `#[handler]` whose first parameter it is, or configure a remote that takes it",
            ));
        }
    }
}

fn sent(model: &Model, around: &Surroundings<'_>, faults: &mut Faults) {
    let handlers = model.handlers();
    for known in &model.functions {
        for meta in known.signature.sends() {
            // A command of a slice that runs here is reported by `handlers`.
            let reported =
                model.is_local(registry().slice_of(meta.module)) && registry().entry(meta).is_some();
            let away = around.remote.is_some_and(|remote| remote.reaches(meta.wire_name()));
            let kept = around.beside.handler(meta).is_some()
                && known.signature.left_to_store().any(|left| left.id() == meta.id())
                && !known.signature.demand.sends.iter().any(|sent| sent.id() == meta.id());
            if !handlers.contains_key(&meta.id()) && !reported && !away && !kept {
                faults.push(WiringFault::new(
                    "AW4109",
                    format!("`{}` sends `{}`, which has nowhere to go", known.entry.id(), meta.wire_name()),
                    [known.entry.site, meta.site],
                    format!(
                        "add the slice `{}` to this process, or configure a remote that takes it",
                        registry().slice_of(meta.module)
                    ),
                ));
            }
        }
    }
}

fn names(messages: &[&MessageEntry], faults: &mut Faults) {
    let mut by_name: BTreeMap<&str, Vec<&MessageMeta>> = BTreeMap::new();
    for entry in messages {
        let own = std::iter::once(entry.meta.wire_name());
        for name in own.chain(entry.meta.aliases.iter().copied()) {
            by_name.entry(name).or_default().push(entry.meta);
        }
    }
    for (name, metas) in by_name.into_iter().filter(|(_, metas)| metas.len() > 1) {
        faults.push(WiringFault::new(
            "AW4013",
            format!("{} messages have the wire name `{name}`", metas.len()),
            metas.iter().map(|meta| meta.site),
            "name one of them: `#[event(name = \"slice.OtherName\")]`",
        ));
    }
}

/// Two errors that would be taken for each other in another process.
fn fault_names(model: &Model, faults: &mut Faults) {
    let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for known in wire::table().iter().filter(|known| model.is_local(known.slice)) {
        by_name.entry(&known.name).or_default().push(known.site);
    }
    for (name, sites) in by_name.into_iter().filter(|(_, sites)| sites.len() > 1) {
        faults.push(WiringFault::new(
            "AW4013",
            format!("{} faults have the wire name `{name}`", sites.len()),
            sites,
            "name one of them: `#[fault(wire = \"slice.OtherName\")]`",
        ));
    }
}

fn routes(messages: &[&MessageEntry], faults: &mut Faults) {
    let mut by_route: BTreeMap<(&str, String), Vec<&MessageMeta>> = BTreeMap::new();
    for entry in messages {
        let Some(http) = entry.meta.http else { continue };
        by_route.entry((http.method, anonymous(http.path))).or_default().push(entry.meta);
        let Some(location) = http.location else { continue };
        for field in parameters(location) {
            if reply_lacks(entry, field) {
                faults.push(WiringFault::new(
                    "AW4112",
                    format!(
                        "the location of `{}` names `{field}`, which its reply does not have",
                        entry.meta.wire_name()
                    ),
                    [entry.meta.site],
                    "name a field of the reply between the braces",
                ));
            }
        }
    }
    for ((method, path), metas) in by_route.into_iter().filter(|(_, metas)| metas.len() > 1) {
        let who: Vec<_> = metas.iter().map(|meta| format!("`{}`", meta.wire_name())).collect();
        faults.push(WiringFault::new(
            "AW4014",
            format!("`{method} {path}` is claimed by {}", who.join(" and ")),
            metas.iter().map(|meta| meta.site),
            "give each message its own method and path",
        ));
    }
}

/// A path template without the names of its parameters.
fn anonymous(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn parameters(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn reply_lacks(entry: &MessageEntry, field: &str) -> bool {
    let Some(wire) = &entry.reply_wire else { return false };
    let schema = (wire.schema)(&mut schemars::SchemaGenerator::default());
    let known = schema.get("properties").and_then(serde_json::Value::as_object);
    known.is_some_and(|fields| !fields.contains_key(field))
}

fn guards(model: &Model, faults: &mut Faults) {
    let elsewhere = LazyCell::new(|| model.elsewhere());
    for at in &model.guards {
        let guard = &model.functions[*at];
        let covers = |function: &Known| {
            function.signature.receives.iter().any(|message| guard.covers(function, message))
        };
        // A guard may be for slices that run in another process.
        if !model.receivers().any(|(_, function)| covers(function)) && !elsewhere.iter().any(covers) {
            let target = guard
                .entry
                .target
                .map_or_else(|| "its message".to_owned(), |target| format!("`{}`", target.words()));
            faults.push(WiringFault::new(
                "AW4105",
                format!(
                    "guard `{}` stands in front of nothing: no function receives {target}",
                    guard.entry.id()
                ),
                [guard.entry.site],
                "correct its target, or remove it",
            ));
        }
    }
}

fn provided(model: &Model, around: &Surroundings<'_>, faults: &mut Faults) {
    let mut told = HashSet::new();
    for (_, function) in model.receivers() {
        for message in function.signature.receives {
            let mut have: HashSet<TypeId> = around.sent_along.clone();
            let chain = model.chain(function, message);
            let walk = chain.iter().map(|at| &model.functions[*at]).chain([function]);
            for step in walk {
                for info in &step.signature.demand.provided {
                    if !have.contains(&info.id) && told.insert((step.entry.id(), message.id(), info.id)) {
                        faults.push(unprovided(model, step, message, info));
                    }
                }
                have.extend(step.signature.provides.map(|info| info.id));
            }
        }
    }
}

fn unprovided(model: &Model, step: &Known, message: &MessageMeta, info: &TypeInfo) -> WiringFault {
    let provider = model
        .guards
        .iter()
        .map(|at| &model.functions[*at])
        .find(|guard| guard.signature.provides.is_some_and(|provides| provides.id == info.id));
    let help = match provider {
        Some(guard) => format!(
            "guard `{}` provides it, but does not run before this on the way of `{}`: widen its target or lower its `order`",
            guard.entry.id(),
            message.wire_name()
        ),
        None => format!(
            "write a guard that returns `Result<{0}>`; if senders bring it with `.with(..)`, say `sender_provides::<{0}>()`",
            info.name()
        ),
    };
    let what = if step.entry.kind == FunctionKind::Guard { "guard " } else { "" };
    WiringFault::new(
        "AW4104",
        format!(
            "{what}`{}` takes `Provided<{}>`, but on the way of `{}` no guard before it provides one",
            step.entry.id(),
            info.name(),
            message.wire_name()
        ),
        [step.entry.site],
        help,
    )
}

fn transactions(model: &Model, faults: &mut Faults) {
    for (_, known) in model.receivers() {
        let mut resources: Vec<_> = known.signature.work.transactions.clone();
        resources.sort_unstable();
        resources.dedup();
        if resources.len() > 1 {
            faults.push(WiringFault::new(
                "AW4108",
                format!(
                    "`{}` holds transactions of {}, which cannot commit together",
                    known.entry.id(),
                    resources.join(" and ")
                ),
                [known.entry.site],
                "keep one transaction here, and do the rest in a listener of an event it emits",
            ));
        } else if let Some(resource) = resources.first().filter(|name| !model.transactions.contains(name)) {
            let store = model.store.as_deref().map_or_else(
                || "the application has no store".to_owned(),
                |store| format!("the store `{store}` has none"),
            );
            faults.push(WiringFault::new(
                "AW4130",
                format!("`{}` holds a transaction of `{resource}`, and {store}", known.entry.id()),
                [known.entry.site],
                "give the application a store of that kind with `.store(..)`, or take `Tx<Any>`",
            ));
        }
    }
}

/// What is to be kept needs a form to be kept in, and what is scheduled a store.
fn kept(model: &Model, faults: &mut Faults) {
    for (_, known) in model.receivers() {
        let work = &known.signature.work;
        if work.schedules && model.store.is_none() {
            faults.push(WiringFault::new(
                "AW4131",
                format!("`{}` schedules messages, and the application has no store", known.entry.id()),
                [known.entry.site],
                "give the application a store with `.store(..)`",
            ));
        }
        for meta in work.posts.iter().filter(|meta| meta.is_local()) {
            faults.push(WiringFault::new(
                "AW4132",
                format!("`{}` leaves `{}` to the store, which is local", known.entry.id(), meta.wire_name()),
                [known.entry.site, meta.site],
                "remove `local` from the message, or send it with `Commands<..>`",
            ));
        }
    }
}

fn scheduled(model: &Model, faults: &mut Faults) {
    let tick = Tick::META.id();
    for (_, known) in model.receivers() {
        let receives = known.signature.receives.iter().any(|meta| meta.id() == tick);
        match known.entry.schedule {
            Some(line) => {
                if let Err(error) = crate::ports::schedule::parse(line) {
                    faults.push(WiringFault::new(
                        "AW4120",
                        format!("`{}` is scheduled by `{line}`: {error}", known.entry.id()),
                        [known.entry.site],
                        "write five fields: minute, hour, day of the month, month, day of the week, as in `0 3 * * *`",
                    ));
                }
            }
            None if receives => faults.push(WiringFault::new(
                "AW4121",
                format!(
                    "`{}` listens to `Tick`, which is sent to nobody but scheduled functions",
                    known.entry.id()
                ),
                [known.entry.site],
                "write `#[schedule(\"0 3 * * *\")]` instead of `#[listen]`",
            )),
            None => {}
        }
    }
}
