//! What waits in the store, by target, and the dead letters.

use std::time::Duration;

use super::{View, code, row, section, shell::Shell};
use crate::{
    html::{Element, Html, el},
    operations::{Notice, Waiting},
};
use anywise_core::{DeadLetter, DeadLetterState, Depth, Timestamp};

const ABOUT: &str = "What waits to be delivered, and what was given up.";

pub(crate) fn operations(view: View<'_>, waiting: &Waiting, notice: Option<Notice>) -> String {
    let mut body = Html::from(el("h1").add("Operations"));
    body.push(self::notice(notice));
    body.push(el("p").class("intro").add(match &waiting.store {
        Some(store) => format!("{ABOUT} The store is {store}; this page shows it as it is now."),
        None => "The application has no store: nothing is kept, and nothing can be given up.".to_owned(),
    }));
    body.push(section("waiting", "Waiting").add(depths(view, &waiting.depths)));
    body.push(section("dead-letters", "Dead letters").add(letters(view, waiting)));
    Shell {
        title: "Operations",
        description: ABOUT.to_owned(),
        path: "operations".to_owned(),
        slice: None,
        body,
    }
    .render(view)
}

/// What has just been done; it is read out.
pub(super) fn notice(notice: Option<Notice>) -> Option<Element> {
    notice.map(|notice| el("p").class("done").attr("role", "status").add(notice.to_string()))
}

fn depths(view: View<'_>, depths: &[Depth]) -> Html {
    if depths.is_empty() {
        return el("p").class("none").add("Nothing waits.").into();
    }
    let rows = depths.iter().map(|depth| {
        let counts = [depth.ready, depth.scheduled, depth.retrying, depth.claimed, depth.blocked, depth.dead];
        let mut row = row(view.function_link(&depth.target), counts.map(count));
        row.push(age(depth.oldest).into());
        row
    });
    let columns =
        ["Target", "Ready", "Scheduled", "Retrying", "At work", "Behind a key", "Dead", "Oldest due"];
    let mut all = Html::from(super::table("Deliveries by target", &columns, rows));
    all.push(
        el("p").class("note").add(
            "Behind a key: they wait for an earlier message of the same key, which may be a dead letter.",
        ),
    );
    all
}

fn count(n: u64) -> Html {
    match n {
        0 => el("span").class("none").add("0").into(),
        n => Html::from(n.to_string()),
    }
}

fn letters(view: View<'_>, waiting: &Waiting) -> Html {
    if waiting.letters.is_empty() {
        return el("p").class("none").add("There is none.").into();
    }
    let rows = waiting.letters.iter().map(|letter| {
        let id = el("a").attr("href", view.href(format!("operations/{}", letter.id))).add(name(letter));
        let key = letter.envelope.key.as_deref().map(code);
        row(
            id,
            [
                view.message_link(&letter.envelope.name),
                view.function_link(&letter.target),
                Html::from(&letter.reason),
                key.into(),
                letter.attempts.to_string().into(),
                time(letter.at).into(),
            ],
        )
    });
    let columns = ["Dead letter", "Message", "For", "Reason", "Parked key", "Attempts", "Since"];
    let mut all = Html::from(super::table("Dead letters", &columns, rows));
    all.push(waiting.more.map(|before| {
        let href = view.href(format!("operations?before={before}"));
        el("p").add(el("a").attr("href", href).add("Older dead letters"))
    }));
    all
}

/// What a dead letter is called.
pub(super) fn name(letter: &DeadLetter) -> String {
    let word = match letter.state {
        DeadLetterState::Open if letter.parked => "parked ",
        _ => "",
    };
    format!("{word}{}", letter.id)
}

/// A time to the second; the rest is in the JSON.
pub(super) fn time(at: Timestamp) -> Element {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at).to_string();
    el("time").attr("datetime", at).add(whole.replace('T', " "))
}

/// How long something took, or waits.
pub(super) fn age(age: Duration) -> String {
    match age.as_secs() {
        0 => format!("{} ms", age.as_millis()),
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}
