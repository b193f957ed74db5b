//! A message: its shape, who sends it, who receives it, and what happens then.

use super::{View, badge, chain, code, facts::Facts, fields, links, route, section, shell::Shell};
use crate::{
    flow::{Flow, message_word},
    html::{Element, Html, el},
    prose,
};
use anywise_core::catalog::{Function, Message, MessageKind};

pub(crate) fn message(view: View<'_>, message: &Message) -> String {
    let hue = view.lookup.hue(&message.slice);
    let word = message_word(message.kind);
    let kicker = el("p").class("kicker").add(badge(word)).add(" of ").add(view.slice_link(&message.slice));
    let mut body = Html::empty();
    body.push(el("div").class(format_args!("title {hue}")).add(kicker).add(el("h1").add(&message.name)));
    body.push(view.docs(&message.docs, &message.slice));
    body.push(facts(view, message));
    let intro = "Who sends it and why, who receives it, and what those send next.";
    let flow = Flow::message(view.lookup.catalog, &message.name);
    body.push(view.flow_section(&flow, &message.name, el("p").class("intro").add(intro)));
    body.push(sent_by(view, message));
    body.push(received_by(view, message));
    body.push(shape(view, message));
    body.push(reply(view, message));
    body.push(faults(view, message));
    Shell {
        title: &message.name,
        description: prose::summary(&message.docs),
        path: view.lookup.message_path(&message.name).unwrap_or_default(),
        slice: Some(&message.slice),
        body,
    }
    .render(view)
}

fn facts(view: View<'_>, message: &Message) -> Facts {
    let codes = |all: &[String]| (!all.is_empty()).then(|| links(all.iter().map(|text| code(text).into())));
    let http = message.http.as_ref().map(|http| {
        let location = http.location.as_ref().map(|to| el("small").add("Location: ").add(code(to)));
        let status = el("span").class("status").add(http.status.to_string());
        [Html::from(route(http)), " ".into(), status.into(), location.into()].into_iter().collect::<Html>()
    });
    Facts::default()
        .add("HTTP", http)
        .add("Replies", message.reply.as_ref().map(|reply| code(&reply.type_name)))
        .add("Ordered by", message.key.as_ref().map(|key| code(key)))
        .add("Version", message.version.to_string())
        .add("Once named", codes(&message.aliases))
        .add("Families", codes(&message.families))
        .add("Local", message.local.then_some("never leaves the process"))
        .add("Rust type", code(&message.type_name))
        .add("Declared", view.source(&message.site))
}

fn sent_by(view: View<'_>, message: &Message) -> Element {
    let section = section("sent-by", "Sent by");
    if message.sent_by.is_empty() {
        let words = match message.kind {
            MessageKind::Event => "No function of this application emits it: it comes from outside.",
            _ => {
                "No function of this application sends it: it comes from outside, by HTTP, a broker or a call."
            }
        };
        return section.add(el("p").class("none").add(words));
    }
    section.add(el("div").class("cards wide").each(message.sent_by.iter().map(|id| {
        match view.lookup.function(id) {
            Some(function) => sender(view, function),
            None => el("article").class("card").add(el("h3").add(view.function_link(id))),
        }
    })))
}

fn sender(view: View<'_>, function: &Function) -> Element {
    let causes = function.receives.iter().map(|m| view.message_link(m));
    card(view, function).add(Facts::default().add("On", links(causes)))
}

fn received_by(view: View<'_>, message: &Message) -> Element {
    let section = section("received-by", "Received by");
    if message.received_by.is_empty() {
        let words = match message.kind {
            MessageKind::Event => "Nobody listens to it in this application.",
            _ => "Its handler does not run in this application.",
        };
        return section.add(el("p").class("none").add(words));
    }
    section.add(el("div").class("cards wide").each(message.received_by.iter().map(|id| {
        match view.lookup.function(id) {
            Some(function) => receiver(view, function),
            None => el("article").class("card").add(el("h3").add(view.function_link(id))),
        }
    })))
}

fn receiver(view: View<'_>, function: &Function) -> Element {
    let sent =
        |names: &[String]| (!names.is_empty()).then(|| links(names.iter().map(|m| view.message_link(m))));
    let guards = (!function.guards.is_empty()).then(|| chain::short(view, function));
    let guarantee = function
        .guarantee
        .as_ref()
        .map(|g| el("span").class("guarantee").attr("title", &g.reason).add(&g.name));
    card(view, function).add(
        Facts::default()
            .add("Guards", guards)
            .add("Then emits", sent(&function.emits))
            .add("Then sends", sent(&function.sends))
            .add("Guarantee", guarantee),
    )
}

fn card(view: View<'_>, function: &Function) -> Element {
    let kind = crate::flow::function_word(function.kind);
    let kicker = el("p").class("kicker").add(badge(kind)).add(" of ").add(view.slice_link(&function.slice));
    el("article")
        .class(format_args!("card {}", view.lookup.hue(&function.slice)))
        .add(el("h3").add(view.function_link(&function.id)))
        .add(kicker)
        .add(el("p").add(prose::summary(&function.docs)))
}

fn shape(view: View<'_>, message: &Message) -> Element {
    let section = section("body", "Body");
    match &message.schema {
        Some(schema) => section.add(fields::fields(view, "body", schema, &message.slice)),
        None => section.add(el("p").class("none").add("A local message: it has no wire form.")),
    }
}

fn reply(view: View<'_>, message: &Message) -> Option<Element> {
    let reply = message.reply.as_ref()?;
    let name = el("p").class("type").add(code(&reply.type_name));
    let schema = reply.schema.as_ref().map(|schema| fields::fields(view, "reply", schema, &message.slice));
    Some(section("reply", "Reply").add(name).add(schema))
}

fn faults(view: View<'_>, message: &Message) -> Option<Element> {
    if message.kind == MessageKind::Event {
        return None;
    }
    let handler = message.received_by.iter().find_map(|id| view.lookup.function(id))?;
    let guards = handler.guards.iter().filter_map(|step| view.lookup.function(&step.id));
    let raised = guards.chain([handler]).flat_map(|f| f.faults.iter().map(move |fault| (fault, f)));
    let table = super::function::faults_table(view, raised.collect())?;
    Some(section("faults", "Faults").add(table))
}
