//! Messages as bytes: names, versions, aliases, codecs, what cannot be read.

use anywise::prelude::*;
use anywise::{Envelope, Head, Outcome};

anywise::slice!(SLICE = "envelopes");

#[data]
#[derive(Debug, PartialEq)]
struct Line {
    sku: String,
    quantity: u32,
}

#[command(reply = Vec<Line>, aliases("old.Echo"), version = 2)]
struct Echo {
    lines: Vec<Line>,
}

#[handler]
async fn echo(cmd: Echo) -> Vec<Line> {
    cmd.lines
}

#[event(name = "Renamed")]
struct Original {
    note: String,
}

#[event(name = "elsewhere.Full")]
struct FullyNamed;

#[listen]
async fn on_original(event: &Original) -> Result<()> {
    match event.note.as_str() {
        "busy" => Err(Error::new(Kind::Unavailable, "envelopes.busy", "busy")),
        "bad" => Err(Error::new(Kind::Unprocessable, "envelopes.bad", "bad")),
        _ => Ok(()),
    }
}

#[listen]
async fn on_full(_: &FullyNamed) {}

#[query(reply = u8)]
struct Unit;

#[handler]
fn unit(_: Unit) -> u8 {
    1
}

#[derive(Default)]
#[command(reply = (), local)]
struct Local;

#[handler]
fn local(_: Local) {}

async fn app() -> App {
    App::builder().slices([SLICE]).build().await.unwrap()
}

const BODY: &str = r#"{"lines":[{"sku":"tea","quantity":2}]}"#;

#[tokio::test]
async fn names_come_from_slice_and_type_unless_given() {
    let app = app().await;
    let names: Vec<_> = app.catalog().messages.iter().map(|message| message.name.as_str()).collect();
    assert_eq!(
        names,
        ["elsewhere.Full", "envelopes.Echo", "envelopes.Local", "envelopes.Renamed", "envelopes.Unit"]
    );
}

#[tokio::test]
async fn a_request_is_decoded_handled_and_encoded() {
    let outcome = app().await.dispatch(Envelope::json("envelopes.Echo", BODY)).await;
    assert_eq!(outcome, Outcome::Done(Some(r#"[{"sku":"tea","quantity":2}]"#.into())));
}

#[tokio::test]
async fn an_alias_still_reaches_the_handler() {
    let outcome = app().await.dispatch(Envelope::json("old.Echo", BODY)).await;
    assert!(matches!(outcome, Outcome::Done(Some(_))));
}

#[tokio::test]
async fn what_cannot_be_received_says_why() {
    let app = app().await;
    let reason = async |envelope: Envelope| match app.dispatch(envelope).await {
        Outcome::DeadLetter(reason) => reason,
        other => panic!("{other:?}"),
    };
    let unknown = reason(Envelope::json("envelopes.Ecko", BODY)).await;
    assert!(unknown.contains("did you mean `envelopes.Echo`?"), "{unknown}");
    let field = reason(Envelope::json("envelopes.Echo", r#"{"lines":[{"sku":"tea"}]}"#)).await;
    assert!(field.contains("AW1010"), "{field}");
    let codec = reason(Envelope::new("envelopes.Echo", "text/csv", "a,b")).await;
    assert!(codec.contains("AW1020") && codec.contains("application/json"), "{codec}");
    let mut newer = Envelope::json("envelopes.Echo", BODY);
    newer.version = 3;
    assert!(reason(newer).await.contains("AW5003"));
    assert!(reason(Envelope::json("envelopes.Local", "{}")).await.contains("AW2005"));
}

#[tokio::test]
async fn an_events_outcome_follows_the_kind_of_its_error() {
    let app = app().await;
    let send = async |note: &str| {
        app.dispatch(Envelope::json("envelopes.Renamed", format!(r#"{{"note":"{note}"}}"#))).await
    };
    assert_eq!(send("fine").await, Outcome::Done(None));
    assert!(matches!(send("busy").await, Outcome::Retry(_)));
    assert!(matches!(send("bad").await, Outcome::DeadLetter(_)));
}

#[tokio::test]
async fn an_endpoint_takes_and_gives_json() {
    let app = app().await;
    let reply = app.endpoint("envelopes.Unit").unwrap().call(b"", Head::default()).await.unwrap();
    assert_eq!(reply, "1");
    let error =
        app.endpoint("envelopes.Echo").unwrap().call(br#"{"lines":7}"#, Head::default()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (422, "AW1013"));
    assert_eq!(error.fields()[0].pointer, "/lines");
    assert!(app.endpoint("envelopes.Local").is_none(), "a local message has no wire form");
    assert!(app.endpoint("envelopes.Renamed").is_none(), "an event has no reply");
}

#[tokio::test]
async fn a_second_codec_reads_and_writes() {
    let app = App::builder().slices([SLICE]).codec(anywise::MessagePack).build().await.unwrap();
    // {"lines": []} in MessagePack.
    let body: &[u8] = &[0x81, 0xa5, b'l', b'i', b'n', b'e', b's', 0x90];
    let outcome = app.dispatch(Envelope::new("envelopes.Echo", "application/msgpack", body)).await;
    assert_eq!(outcome, Outcome::Done(Some(vec![0x90].into())));
    let outcome = app.dispatch(Envelope::json("envelopes.Echo", BODY)).await;
    assert!(matches!(outcome, Outcome::Done(Some(body)) if body.starts_with(b"[")));
    let outcome = app.dispatch(Envelope::new("envelopes.Echo", "application/msgpack", &[0xc1][..])).await;
    assert!(matches!(outcome, Outcome::DeadLetter(reason) if reason.contains("AW2002")));
}

mod tallies {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "tallies", "Counts.");

    /// Counts how often it was carried out.
    #[command(reply = u32)]
    pub(super) struct Tally;

    #[handler]
    fn tally(_: Tally, done: &AtomicU32) -> u32 {
        done.fetch_add(1, SeqCst) + 1
    }
}

#[tokio::test]
async fn a_command_that_is_named_is_carried_out_once_in_another_process() {
    let there = App::builder().slices([tallies::SLICE]).store(anywise::MemoryStore::new());
    let there = there.provide(std::sync::atomic::AtomicU32::new(0)).build().await.unwrap();
    let requests = anywise::Requests::through(anywise::Loopback::to(&there));
    for (key, reply) in [("k-1", 1), ("k-1", 1), ("k-2", 2)] {
        assert_eq!(requests.send(tallies::Tally).idempotency_key(key).await.unwrap(), reply);
    }
    assert_eq!(requests.send(tallies::Tally).await.unwrap(), 3);
}

#[test]
fn a_number_is_read_as_the_one_that_was_written() {
    // The last digit is lost to a reader that is fast and nearly right.
    for number in [1.830_368_457_488_330_4e-186, 0.1 + 0.2, f64::MAX, f64::MIN_POSITIVE] {
        let text = serde_json::to_vec(&number).unwrap();
        let read: f64 = anywise::json::decode_json(
            &text,
            &anywise::json::JsonLimits { object: false, ..Default::default() },
        )
        .unwrap();
        assert_eq!(read.to_bits(), number.to_bits());
    }
}
