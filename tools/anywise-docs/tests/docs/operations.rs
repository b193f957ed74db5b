//! What an operator finds on the pages about a store, whoever wrote the messages in it.

use std::time::Duration;

use anywise_core::{DeadLetter, DeadLetterId, Depth, Envelope, Failure, Principal};
use anywise_docs::{Notice, Operations, Waiting, dead_letter_json};

use crate::hostile::{ATTACKS, attacked, check_markup};
use crate::markup::tags;
use crate::shop;

const TOKEN: &str = "0123456789abcdef";

/// A dead letter with `text` wherever there is room for text.
fn letter(text: &str) -> DeadLetter {
    let mut envelope = Envelope::json(text, text.to_owned());
    envelope.key = Some(text.to_owned());
    envelope.correlation_id = Some(text.to_owned());
    envelope.principal = Some(Principal::new(text));
    envelope.headers.insert(text, text);
    envelope.headers.insert("authorization", "Bearer secret");
    let mut letter = DeadLetter::new(DeadLetterId(17), text.to_owned(), envelope, text.to_owned());
    letter.attempts = 5;
    letter.losses = 1;
    let mut failure = Failure::new(5, text, text);
    (failure.node, failure.build) = (text.to_owned(), text.to_owned());
    failure.took_ms = 1_500;
    letter.failures.push(failure);
    letter
}

fn waiting(text: &str) -> Waiting {
    let mut depth = Depth::of(text);
    (depth.ready, depth.blocked, depth.oldest) = (3, 2, Duration::from_secs(61));
    Waiting {
        store: Some(text.to_owned()),
        depths: vec![depth],
        letters: vec![letter(text)],
        more: Some(DeadLetterId(17)),
    }
}

#[test]
fn an_attack_in_every_string_changes_no_markup() {
    for attack in ATTACKS {
        let catalog = attacked(attack);
        let pages = Operations::new(&catalog, TOKEN).notice(Some(Notice::Replayed(DeadLetterId(1))));
        check_markup(attack, "operations", &pages.overview(&waiting(attack)));
        let page = pages.dead_letter(&letter(attack));
        check_markup(attack, "operations/17", &page);
        let forms: Vec<_> =
            tags("operations/17", &page).into_iter().filter(|tag| tag.name == "form").collect();
        assert!(forms.len() >= 2, "{attack:?}");
        for form in forms {
            let action = form.get("action").expect("it goes somewhere");
            assert!(["../operations/17/replay", "../operations/17/discard"].contains(&action), "{action}");
            assert_eq!(form.get("method"), Some("post"));
        }
    }
}

#[test]
fn a_dead_letter_is_shown_with_everything_but_secrets() {
    let catalog = shop();
    let page = Operations::new(&catalog, TOKEN).dead_letter(&letter("payment.Paid"));
    for part in ["Dead letter 17", "payment.<wbr>Paid", "1 s", "1 of them ended with their process", TOKEN] {
        assert!(page.contains(part), "no {part}");
    }
    assert!(page.contains("(hidden)") && !page.contains("Bearer secret"));
    let json = dead_letter_json(&letter("payment.Paid"));
    assert!(!json.to_string().contains("Bearer secret"));
    assert_eq!(
        (&json["id"], &json["key"], &json["body"]),
        (&17.into(), &"payment.Paid".into(), &"payment.Paid".into())
    );
}

#[test]
fn only_a_body_that_a_form_gives_back_as_it_was_can_be_edited() {
    let catalog = shop();
    let edits =
        |letter: &DeadLetter| Operations::new(&catalog, TOKEN).dead_letter(letter).contains("<textarea");
    assert!(edits(&letter("{\"a\": 1}")));
    assert!(!edits(&letter("\"\u{202e}\"")));
    let mut binary = letter("x");
    binary.envelope.body = vec![0xff, 0x01].into();
    assert!(!edits(&binary));
    assert_eq!(dead_letter_json(&binary)["body_hex"], "ff01");
    let mut settled = letter("{}");
    settled.state = anywise_core::DeadLetterState::Discarded;
    assert!(!Operations::new(&catalog, TOKEN).dead_letter(&settled).contains("<form"));
}

#[test]
fn an_empty_store_and_none_are_told_apart() {
    let catalog = shop();
    let page = |waiting: &Waiting| Operations::new(&catalog, TOKEN).overview(waiting);
    let empty = Waiting { store: Some("memory".to_owned()), ..Waiting::default() };
    assert!(page(&empty).contains("The store is memory"));
    assert!(page(&Waiting::default()).contains("has no store"));
    assert_eq!(waiting("t").json()["depth"][0]["oldest_ms"], 61_000);
}
