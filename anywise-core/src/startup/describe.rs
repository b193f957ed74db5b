//! Writes the catalog from the model: nothing in it is told twice.

use std::collections::{BTreeMap, HashMap};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;

use crate::catalog::{
    Catalog, Dependency, Fault, Function, FunctionKind, Guarantee, GuardStep, HttpRoute, Message, Parameter,
    Reply, Slice,
};
use crate::codec::Wire;
use crate::message::MessageMeta;
use crate::registry::function::Param;
use crate::registry::{MessageEntry, registry};
use crate::startup::model::{Known, Model};

/// The version of the catalog's model.
const FORMAT: u32 = 1;

pub(crate) fn catalog(model: &Model) -> Catalog {
    let mut functions: Vec<_> = model.functions.iter().map(|known| function(model, known)).collect();
    functions.sort_by(|a, b| a.id.cmp(&b.id));
    let mut messages: Vec<_> = model.messages().into_iter().map(|entry| message(model, entry)).collect();
    messages.sort_by(|a, b| a.name.cmp(&b.name));
    Catalog {
        format: FORMAT,
        application: model.application.clone(),
        slices: slices(model, &functions, &messages),
        messages,
        functions,
        dependencies: dependencies(model),
    }
}

fn slices(model: &Model, functions: &[Function], messages: &[Message]) -> Vec<Slice> {
    let mut slices: BTreeMap<String, Slice> = BTreeMap::new();
    for entry in model.slices().filter(|entry| !entry.contract) {
        let slice = Slice {
            name: entry.name.to_owned(),
            docs: entry.docs.to_owned(),
            module: entry.module.to_owned(),
            site: Some(entry.site.into()),
            local: true,
        };
        slices.insert(slice.name.clone(), slice);
    }
    let local = functions.iter().map(|function| &function.slice);
    let known = local.chain(messages.iter().map(|message| &message.slice));
    for name in known {
        slices.entry(name.clone()).or_insert_with(|| Slice {
            name: name.clone(),
            docs: String::new(),
            module: name.clone(),
            site: None,
            local: functions.iter().any(|function| function.slice == *name),
        });
    }
    slices
        .into_values()
        .filter(|slice| {
            functions.iter().any(|function| function.slice == slice.name)
                || messages.iter().any(|message| message.slice == slice.name)
        })
        .collect()
}

fn message(model: &Model, entry: &MessageEntry) -> Message {
    let meta = entry.meta;
    let id = meta.id();
    let ids = |pick: &dyn Fn(&Known) -> bool| {
        let mut ids: Vec<String> = model
            .functions
            .iter()
            .filter(|known| pick(known))
            .map(|known| known.entry.id().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let holds = |metas: &[&MessageMeta]| metas.iter().any(|one| one.id() == id);
    Message {
        name: meta.wire_name().to_owned(),
        type_name: meta.type_name.to_owned(),
        kind: meta.kind,
        slice: registry().slice_of(meta.module).to_owned(),
        version: meta.version,
        aliases: meta.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        key: meta.key.map(str::to_owned),
        families: meta.families.iter().map(|family| family().name()).collect(),
        local: entry.wire.is_none(),
        docs: meta.docs.to_owned(),
        site: meta.site.into(),
        http: route(entry),
        schema: entry.wire.as_ref().map(schema),
        reply: entry
            .reply
            .map(|reply| Reply { type_name: reply().name(), schema: entry.reply_wire.as_ref().map(schema) }),
        received_by: ids(&|known| {
            matches!(known.entry.kind, FunctionKind::Handler | FunctionKind::Listener)
                && holds(known.signature.receives)
        }),
        sent_by: ids(&|known| {
            holds(&known.signature.work.emits) || known.signature.sends().any(|one| one.id() == id)
        }),
    }
}

/// The JSON Schema of what travels.
pub(crate) fn schema(wire: &Wire) -> serde_json::Value {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let mut schema = (wire.schema)(&mut generator);
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    schema.to_value()
}

fn route(entry: &MessageEntry) -> Option<HttpRoute> {
    let http = entry.meta.http?;
    let empty = entry.reply.is_some_and(|reply| reply().id == std::any::TypeId::of::<()>());
    Some(HttpRoute {
        method: http.method.to_owned(),
        path: http.path.to_owned(),
        status: http.status.unwrap_or(if empty { 204 } else { 200 }),
        location: http.location.map(str::to_owned),
    })
}

fn function(model: &Model, known: &Known) -> Function {
    let Known { entry, signature, .. } = known;
    let names = |metas: &[&'static MessageMeta]| {
        let mut names: Vec<String> = metas.iter().map(|meta| meta.wire_name().to_owned()).collect();
        names.sort();
        names.dedup();
        names
    };
    Function {
        id: entry.id().to_owned(),
        name: entry.name.to_owned(),
        kind: entry.kind,
        slice: known.slice.to_owned(),
        docs: entry.docs.to_owned(),
        site: entry.site.into(),
        receives: names(signature.receives),
        takes: parameters(&signature.takes),
        needs: parameters(&signature.needs),
        writes: parameters(&signature.writes),
        emits: names(&signature.work.emits),
        sends: names(&signature.sends().copied().collect::<Vec<_>>()),
        provides: signature.provides.or(signature.builds).map(|info| info.name()),
        guards: guards(model, known),
        target: (entry.kind == FunctionKind::Guard).then(|| target(known)),
        order: entry.order,
        around: entry.around,
        blocking: entry.blocking,
        timeout_ms: entry.timeout_ms,
        concurrency: entry.concurrency,
        schedule: entry.schedule.map(str::to_owned),
        guarantee: guarantee(model, known),
        faults: signature
            .faults
            .iter()
            .map(|fault| Fault {
                code: fault.code.to_owned(),
                kind: fault.kind.name().to_owned(),
                status: fault.kind.status(),
            })
            .collect(),
    }
}

fn parameters(params: &[Param]) -> Vec<Parameter> {
    let one = |param: &Param| Parameter { name: param.name.to_owned(), type_name: param.info.name() };
    params.iter().map(one).collect()
}

fn target(guard: &Known) -> String {
    guard.entry.target.map_or_else(
        || {
            let names: Vec<_> = guard.signature.receives.iter().map(|meta| meta.wire_name()).collect();
            format!("messages({})", names.join(", "))
        },
        |target| target.words(),
    )
}

/// The chain of every message the function receives, in order, each guard once.
fn guards(model: &Model, known: &Known) -> Vec<GuardStep> {
    if !matches!(known.entry.kind, FunctionKind::Handler | FunctionKind::Listener) {
        return Vec::new();
    }
    let covering = model.guards.iter().map(|at| &model.functions[*at]);
    covering
        .filter(|guard| known.signature.receives.iter().any(|message| guard.covers(known, message)))
        .map(|guard| GuardStep {
            id: guard.entry.id().to_owned(),
            target: target(guard),
            around: guard.entry.around,
        })
        .collect()
}

fn guarantee(model: &Model, known: &Known) -> Option<Guarantee> {
    let (name, reason) = match known.entry.kind {
        FunctionKind::Listener => listener_guarantee(model, known),
        FunctionKind::Handler => handler_guarantee(model, known),
        FunctionKind::Guard | FunctionKind::Provider => return None,
    };
    Some(Guarantee { name: name.to_owned(), reason })
}

fn listener_guarantee(model: &Model, known: &Known) -> (&'static str, String) {
    let Some(store) = &model.store else {
        return (IN_MEMORY, "the application has no store: a delivery ends with the process".to_owned());
    };
    match (model.durable, known.signature.work.transactions.is_empty()) {
        (false, _) => (IN_MEMORY, format!("the store `{store}` forgets with the process")),
        (true, false) => (
            EFFECT_ONCE,
            format!(
                "its transaction is the store's: what it writes and the end of the delivery in `{store}` are one commit"
            ),
        ),
        (true, true) => (
            AT_LEAST_ONCE,
            format!(
                "each delivery is kept in the store `{store}` until this listener has handled it; what it changes elsewhere is not part of that commit"
            ),
        ),
    }
}

fn handler_guarantee(model: &Model, known: &Known) -> (&'static str, String) {
    let work = &known.signature.work;
    let writes = !work.transactions.is_empty();
    let tells = !work.emits.is_empty() || !work.posts.is_empty();
    match &model.store {
        Some(store) if model.durable && writes => (
            EFFECT_ONCE,
            format!("what it writes and what it emits are one commit in `{store}`; the reply follows it"),
        ),
        Some(store) if model.durable && tells => {
            (AT_LEAST_ONCE, format!("what it emits is kept in the store `{store}` before the reply"))
        }
        _ if !tells => (IN_MEMORY, "runs once for each request; emits nothing".to_owned()),
        Some(store) => (IN_MEMORY, format!("the store `{store}` forgets with the process")),
        None => (IN_MEMORY, "the application has no store: its events end with the process".to_owned()),
    }
}

const IN_MEMORY: &str = "in-memory";
const AT_LEAST_ONCE: &str = "at-least-once";
const EFFECT_ONCE: &str = "effect-once";

fn dependencies(model: &Model) -> Vec<Dependency> {
    let mut sources: HashMap<std::any::TypeId, String> = HashMap::new();
    for known in &model.functions {
        if let Some(info) = known.signature.builds {
            sources.insert(info.id, known.entry.id().to_owned());
        }
    }
    for entry in &model.configs {
        sources.insert((entry.info)().id, "configuration".to_owned());
    }
    for info in &model.given {
        sources.insert(info.id, "builder".to_owned());
    }
    let mut dependencies: BTreeMap<String, Dependency> = BTreeMap::new();
    for known in &model.functions {
        for need in &known.signature.needs {
            let type_name = need.info.name();
            let dependency = dependencies.entry(type_name.clone()).or_insert_with(|| Dependency {
                type_name,
                source: sources.get(&need.info.id).cloned().unwrap_or_default(),
                needed_by: Vec::new(),
            });
            dependency.needed_by.push(known.entry.id().to_owned());
        }
    }
    for dependency in dependencies.values_mut() {
        dependency.needed_by.sort();
        dependency.needed_by.dedup();
    }
    dependencies.into_values().collect()
}
