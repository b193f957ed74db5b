//! A function, as its signature describes it.

use super::{View, badge, chain, code, facts::Facts, links, row, section, shell::Shell};
use crate::{
    flow::{Flow, function_word},
    html::{Element, Html, el},
    prose,
};
use anywise_core::catalog::{Fault, Function, FunctionKind, Parameter};

pub(crate) fn function(view: View<'_>, function: &Function) -> String {
    let hue = view.lookup.hue(&function.slice);
    let word = function_word(function.kind);
    let kicker = el("p").class("kicker").add(badge(word)).add(" of ").add(view.slice_link(&function.slice));
    let mut body = Html::empty();
    body.push(el("div").class(format_args!("title {hue}")).add(kicker).add(el("h1").add(&function.name)));
    body.push(view.docs(&function.docs, &function.slice));
    body.push(facts(view, function));
    let guarded = matches!(function.kind, FunctionKind::Handler | FunctionKind::Listener);
    body.push(guarded.then(|| guard_chain(view, function)));
    body.push(parameters(view, function));
    body.push(guarantee(function));
    let intro = "What reaches it and from whom, what it sends and to whom.";
    let flow = Flow::function(view.lookup.catalog, &function.id);
    body.push(view.flow_section(&flow, &function.name, el("p").class("intro").add(intro)));
    let faults = faults_table(view, function.faults.iter().map(|fault| (fault, function)).collect());
    body.push(faults.map(|table| section("faults", "Faults").add(table)));
    body.push((function.kind == FunctionKind::Guard).then(|| stands_before(view, function)));
    body.push((function.kind == FunctionKind::Provider).then(|| needed_by(view, function)));
    Shell {
        title: &function.name,
        description: prose::summary(&function.docs),
        path: view.lookup.function_path(&function.id).unwrap_or_default(),
        slice: Some(&function.slice),
        body,
    }
    .render(view)
}

fn facts(view: View<'_>, function: &Function) -> Facts {
    let messages =
        |names: &[String]| (!names.is_empty()).then(|| links(names.iter().map(|m| view.message_link(m))));
    let guard = function.kind == FunctionKind::Guard;
    let order = (guard && function.order != 0).then(|| function.order.to_string());
    Facts::default()
        .add("Receives", messages(&function.receives))
        .add("Emits", messages(&function.emits))
        .add("Sends", messages(&function.sends))
        .add("Provides", function.provides.as_deref().map(code))
        .add("Guards", function.target.as_deref().map(code))
        .add("Order", order)
        .add("Around", function.around.then_some("runs before and after, and sees the reply"))
        .add("Timeout", function.timeout_ms.map(duration))
        .add("Runs at", function.schedule.as_ref().map(|line| format!("{line} (UTC)")))
        .add("At one time", function.concurrency.map(|n| format!("at most {n}")))
        .add("Runs on", function.blocking.then_some("the blocking pool"))
        .add("Path", code(&function.id))
        .add("Declared", view.source(&function.site))
}

fn guard_chain(view: View<'_>, function: &Function) -> Element {
    let section = section("guards", "Guard chain");
    if function.guards.is_empty() {
        return section.add(el("p").class("none").add("No guard stands in front of it."));
    }
    let intro = "Every message takes these steps in this order, however it arrives.";
    section.add(el("p").class("intro").add(intro)).add(chain::chain(view, function))
}

fn parameters(view: View<'_>, function: &Function) -> Option<Element> {
    let rows = |role: &'static str, parameters: &[Parameter]| {
        let rows: Vec<_> = parameters
            .iter()
            .map(|p| {
                row(
                    code(&p.name),
                    [
                        el("span").class("role").add(role).into(),
                        code(&p.type_name).into(),
                        origin(view, function, role, p),
                    ],
                )
            })
            .collect();
        rows
    };
    let all =
        [rows("takes", &function.takes), rows("needs", &function.needs), rows("writes", &function.writes)]
            .concat();
    if all.is_empty() {
        return None;
    }
    let table = super::table("Parameters", &["Parameter", "Role", "Type", "Comes from"], all);
    Some(section("parameters", "Parameters").add(table))
}

/// Where a parameter's value comes from, linked when a function provides it.
fn origin(view: View<'_>, function: &Function, role: &str, parameter: &Parameter) -> Html {
    let bare =
        |type_name: &str| type_name.trim_start_matches('&').trim_start_matches("mut ").trim().to_owned();
    match role {
        "takes" => {
            let inner = parameter.type_name.strip_prefix("Provided<").and_then(|rest| rest.strip_suffix('>'));
            let provider = function.guards.iter().rev().find(|step| {
                let guard = view.lookup.function(&step.id);
                inner.is_some() && guard.and_then(|guard| guard.provides.as_deref()) == inner
            });
            provider.map_or_else(|| "the message’s context".into(), |step| view.function_link(&step.id))
        }
        "needs" => {
            let wanted = bare(&parameter.type_name);
            let dependency = view.lookup.catalog.dependencies.iter().find(|d| bare(&d.type_name) == wanted);
            match dependency.map(|d| (d, view.lookup.function(&d.source))) {
                Some((_, Some(provider))) => view.function_link(&provider.id),
                Some((dependency, None)) => Html::from(&dependency.source),
                None => "the application".into(),
            }
        }
        _ => "a unit of work of each message".into(),
    }
}

fn guarantee(function: &Function) -> Option<Element> {
    let guarantee = function.guarantee.as_ref()?;
    let name = el("span").class("guarantee").add(&guarantee.name);
    let text = el("p").class("promise").add(name).add(" ").add(&guarantee.reason);
    Some(section("guarantee", "Guarantee").add(text))
}

/// Faults with the function that declares each; nothing when there are none.
pub(super) fn faults_table(view: View<'_>, faults: Vec<(&Fault, &Function)>) -> Option<Element> {
    if faults.is_empty() {
        return None;
    }
    let rows = faults.into_iter().map(|(fault, by)| {
        row(
            code(&fault.code),
            [
                Html::from(&fault.kind),
                el("span").class("status").add(fault.status.to_string()).into(),
                view.function_link(&by.id),
            ],
        )
    });
    Some(super::table("Faults", &["Code", "Kind", "HTTP status", "Declared by"], rows))
}

fn stands_before(view: View<'_>, guard: &Function) -> Element {
    let guarded = view.lookup.guarded_by(&guard.id).iter().map(|f| view.function_link(&f.id));
    section("stands-before", "Stands in front of").add(links(guarded))
}

fn needed_by(view: View<'_>, provider: &Function) -> Element {
    let dependencies = view.lookup.catalog.dependencies.iter().filter(|d| d.source == provider.id);
    let users = dependencies.flat_map(|d| &d.needed_by).map(|id| view.function_link(id));
    section("needed-by", "Needed by").add(links(users))
}

/// Milliseconds as people say them.
fn duration(ms: u64) -> String {
    match ms {
        0 => "none".to_owned(),
        ms if ms % 60_000 == 0 => format!("{} min", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
        ms => format!("{ms} ms"),
    }
}
