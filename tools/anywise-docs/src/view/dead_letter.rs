//! One dead letter: what it is, why it is here, and what can be done about it.

use std::time::Duration;

use super::{
    View, code,
    facts::Facts,
    operations::{age, notice, time},
    row, section,
    shell::Shell,
};
use crate::{
    html::{Element, Html, el, is_shown_as_it_is},
    operations::{Notice, hex, shown},
};
use anywise_core::{DeadLetter, DeadLetterState};

pub(crate) fn dead_letter(view: View<'_>, letter: &DeadLetter, token: &str, done: Option<Notice>) -> String {
    let title = format!("Dead letter {}", letter.id);
    let mut body = Html::from(el("h1").add(&title));
    body.push(notice(done));
    body.push(facts(view, letter));
    if letter.state == DeadLetterState::Open {
        body.push(section("what-now", "What now").add(forms(view, letter, token)));
    }
    body.push(section("attempts", "Attempts").add(failures(letter)));
    body.push(section("headers", "Headers").add(headers(letter)));
    body.push(section("body", "Body").add(bytes(letter)));
    Shell {
        title: &title,
        description: "A message that was given up, with everything known of it.".to_owned(),
        path: format!("operations/{}", letter.id),
        slice: None,
        body,
    }
    .render(view)
}

fn facts(view: View<'_>, letter: &DeadLetter) -> Facts {
    let envelope = &letter.envelope;
    let state = if letter.parked { "held back" } else { "given up" };
    let key = envelope.key.as_deref().map(|key| {
        let open = letter.state == DeadLetterState::Open;
        let parked = open.then(|| el("small").add("what follows under this key waits for it"));
        Html::from_iter([Html::from(code(key)), parked.into()])
    });
    let lost = (letter.losses > 0).then(|| format!(", {} of them ended with their process", letter.losses));
    let trace = envelope.trace.as_ref().map(|trace| code(trace.parent()));
    Facts::default()
        .add("Message", view.message_link(&envelope.name))
        .add("For", view.function_link(&letter.target))
        .add("Reason", &letter.reason)
        .add(
            "State",
            Html::from_iter([
                Html::from(format!("{}, {state} at ", letter.state.name())),
                time(letter.at).into(),
            ]),
        )
        .add("Key", key)
        .add("Attempts", format!("{}{}", letter.attempts, lost.unwrap_or_default()))
        .add("Replays", (letter.replays > 0).then(|| letter.replays.to_string()))
        .add("Message id", code(&envelope.id.to_string()))
        .add("Version", envelope.version.to_string())
        .add("Made", time(envelope.time))
        .add("Correlation", envelope.correlation_id.as_deref().map(code))
        .add("Caused by", envelope.causation_id.map(|id| code(&id.to_string())))
        .add("Trace", trace)
        .add("Principal", envelope.principal.as_ref().map(|principal| code(principal.id())))
}

fn forms(view: View<'_>, letter: &DeadLetter, token: &str) -> Html {
    let form = |what: &str| {
        let action = view.href(format!("operations/{}/{what}", letter.id));
        let token = el("input").attr("type", "hidden").attr("name", "token").attr("value", token);
        el("form").attr("method", "post").attr("action", action).add(token)
    };
    let submit = |words: &str| el("button").attr("type", "submit").add(words);
    let replay = form("replay")
        .add(el("p").add("Deliver it again, with a fresh budget of attempts, in its old place."))
        .add(submit("Replay"));
    let edit = editable(letter).map(|text| {
        let label = el("label").attr("for", "new-body").add("The body to replay it with");
        let area = el("textarea")
            .attr("id", "new-body")
            .attr("name", "body")
            .attr("rows", text.lines().count().clamp(6, 24))
            .attr("spellcheck", "false")
            .add(verbatim(text));
        fold("Edit and replay", form("replay").add(label).add(area).add(submit("Replay with this body")))
    });
    let discard = form("discard")
        .add(el("p").add("It will never be delivered. What waits behind its key goes on without it."))
        .add(submit("Discard for good"));
    Html::from_iter([Html::from(replay), edit.into(), fold("Discard", discard).into()])
}

fn fold(summary: &str, inside: Element) -> Element {
    el("details").class("act").add(el("summary").add(summary)).add(inside)
}

/// The body, if a browser gives back what it is given.
fn editable(letter: &DeadLetter) -> Option<&str> {
    let json = letter.envelope.content_type == anywise_core::JSON;
    let text = std::str::from_utf8(&letter.envelope.body).ok().filter(|_| json)?;
    is_shown_as_it_is(text).then_some(text)
}

/// Text where browsers drop a line feed that comes first.
fn verbatim(text: &str) -> Html {
    Html::from_iter([Html::from("\n"), Html::from(text)])
}

fn failures(letter: &DeadLetter) -> Html {
    if letter.failures.is_empty() {
        return el("p").class("none").add("None has failed.").into();
    }
    let rows = letter.failures.iter().map(|failure| {
        let place = match failure.build.as_str() {
            "" => failure.node.clone(),
            build => format!("{}, {build}", failure.node),
        };
        row(
            failure.attempt.to_string(),
            [
                time(failure.at).into(),
                age(Duration::from_millis(failure.took_ms)).into(),
                place.into(),
                code(&failure.code).into(),
                Html::from(&failure.message),
            ],
        )
    });
    super::table("Attempts that failed", &["Attempt", "At", "Took", "Where", "Code", "Error"], rows).into()
}

fn headers(letter: &DeadLetter) -> Html {
    let headers: Vec<_> = letter.envelope.headers.iter().collect();
    if headers.is_empty() {
        return el("p").class("none").add("It has none.").into();
    }
    let rows = headers.into_iter().map(|(name, value)| row(code(name), [shown(name, value).into()]));
    super::table("Headers", &["Name", "Value"], rows).into()
}

fn bytes(letter: &DeadLetter) -> Html {
    let body = &letter.envelope.body;
    let (size, kind) = (super::count(body.len(), "byte"), &letter.envelope.content_type);
    let (text, note) = match std::str::from_utf8(body) {
        Ok(text) => (Html::from(text), format!("{size} of {kind}")),
        Err(_) => (Html::from(hex(body)), format!("{size} of {kind}, in hexadecimal")),
    };
    let shown = el("pre").attr("tabindex", "0").attr("aria-label", "Body").attr("role", "region");
    Html::from_iter([
        Html::from(el("p").class("note").add(note)),
        el("div").class("raw").add(shown.add("\n").add(el("code").add(text))).into(),
    ])
}
