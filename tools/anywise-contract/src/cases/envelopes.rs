//! A message comes out as it went in.

use anywise_core::{DeadLetters, Delivery, Envelope, Headers, Outcome, Principal, TraceContext};
use uuid::Uuid;

use crate::trial::{TARGET, Trial, keyed};

fn same(found: &Envelope, expected: &Envelope) {
    assert_eq!(found.id, expected.id, "its id");
    assert_eq!(found.name, expected.name, "its name");
    assert_eq!(found.version, expected.version, "its version");
    assert_eq!(found.key, expected.key, "its key");
    assert_eq!(found.correlation_id, expected.correlation_id, "what it belongs to");
    assert_eq!(found.causation_id, expected.causation_id, "what caused it");
    assert_eq!(found.headers, expected.headers, "its headers");
    assert_eq!(found.trace, expected.trace, "its trace");
    assert_eq!(found.time, expected.time, "when it was made");
    assert_eq!(found.content_type, expected.content_type, "its media type");
    assert_eq!(found.principal, expected.principal, "on whose behalf");
    assert!(found.body == expected.body, "its body, byte for byte; {} bytes came back", found.body.len());
}

/// The envelope goes in, is claimed, and becomes a dead letter.
async fn there_and_back(trial: &Trial, envelope: Envelope) {
    trial.keep([Delivery::new(TARGET, envelope.clone())]).await;
    let claimed = trial.claim_one(&envelope.name).await;
    same(&claimed.delivery.envelope, &envelope);
    trial.end(&claimed, Outcome::DeadLetter("no".into())).await;
    let letter = trial.letters(DeadLetters::of(TARGET)).await.remove(0);
    same(&letter.envelope, &envelope);
    assert!(trial.store().replay(letter.id, None).await.expect("a replay is answered"), "it was open");
    let claimed = trial.claim_one(&envelope.name).await;
    same(&claimed.delivery.envelope, &envelope);
    trial.done(&claimed).await;
}

pub(super) async fn an_envelope_comes_back_as_it_went(trial: Trial) {
    let mut envelope = keyed("contract.Full", "k-1").envelope;
    envelope.version = 3;
    envelope.correlation_id = Some("request 7".to_owned());
    envelope.causation_id = Some(Uuid::from_u128(0x1234));
    envelope.headers = Headers::from_iter([("tenant", "acme"), ("empty", ""), ("aw-via", "x")]);
    envelope.trace =
        TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("vendor=a,b=c"));
    assert!(envelope.trace.is_some(), "the trace is well formed");
    envelope.principal = Some(Principal::new("ann").with_scopes(["order:write", "*"]));
    there_and_back(&trial, envelope).await;
}

pub(super) async fn an_envelope_may_have_nothing_but_a_body(trial: Trial) {
    there_and_back(&trial, Envelope::json("contract.Bare", "null")).await;
}

pub(super) async fn any_bytes_may_be_a_body(trial: Trial) {
    let every: Vec<u8> = (0..=255).collect();
    for (n, body) in [Vec::new(), vec![0; 3], every, b"\xff\xfe';--".to_vec()].into_iter().enumerate() {
        there_and_back(&trial, Envelope::new(format!("m{n}"), "application/octet-stream", body)).await;
    }
}

pub(super) async fn any_text_may_be_a_name_or_a_value(trial: Trial) {
    let texts =
        ["Schlüssel \u{1f511}", "'; DROP TABLE aw_delivery; --", "a\"b\\c\n\td", "\u{1f}$1?%_:x", " "];
    for text in texts {
        let mut envelope = keyed(text, text).envelope;
        envelope.correlation_id = Some(text.to_owned());
        envelope.headers.insert("text", text);
        envelope.principal = Some(Principal::new(text).with_scopes([text]));
        there_and_back(&trial, envelope).await;
    }
    let long = "k".repeat(1_000);
    there_and_back(&trial, keyed("long", &long).envelope).await;
}

pub(super) async fn keys_are_compared_byte_by_byte(trial: Trial) {
    let keys = ["k", "K", "k ", "ｋ", "e\u{301}", "\u{e9}", ""];
    trial.keep(keys.map(|key| keyed("m", key))).await;
    assert_eq!(trial.claim(99).await.len(), keys.len(), "each is another key, the empty one too");
}

pub(super) async fn a_large_body_comes_back(trial: Trial) {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let body: Vec<u8> = noise.take(1024 * 1024).collect();
    there_and_back(&trial, Envelope::new("contract.Large", "application/octet-stream", body)).await;
}
