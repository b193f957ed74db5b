//! What travels comes back as it was.

use std::time::Duration;

use anywise::{Envelope, Principal, TraceContext, Uuid};

use crate::trial::{HAPPENED, Trial, envelope, happened};

pub(crate) async fn an_envelope_comes_back_as_it_went(trial: Trial) {
    let heard = trial.hears().await;
    let mut sent = happened(1);
    sent.version = 3;
    sent.key = Some("order-7".into());
    sent.sequence = Some(41);
    sent.correlation_id = Some("c-1".into());
    sent.causation_id = Some(Uuid::now_v7());
    sent.trace = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("a=b"));
    sent.principal = Some(Principal::new("ann").with_scopes(["pay", "read"]));
    sent.heard_by = vec!["other".into()];
    sent.headers.insert("tenant", "acme");
    trial.publish(&sent).await;
    let came = heard.done(1).await;
    assert_eq!(format!("{:?}", came[0]), format!("{sent:?}"));
}

pub(crate) async fn any_text_may_be_a_header_or_a_key(trial: Trial) {
    let heard = trial.hears().await;
    let texts = [
        "Zürich",
        "two words",
        " around ",
        "100%",
        "a\r\nb",
        "\"q\"",
        "日本",
        "%41",
        "a,b;c=d",
        "~!@#$^&*()",
    ];
    for text in texts {
        let mut sent = happened(1);
        sent.key = Some(text.to_owned());
        sent.correlation_id = Some(text.to_owned());
        sent.headers.insert("text", text);
        trial.publish(&sent).await;
        let came = heard.done(1).await;
        assert_eq!(came[0].key.as_deref(), Some(text));
        assert_eq!(came[0].correlation_id.as_deref(), Some(text));
        assert_eq!(came[0].headers.get("text"), Some(text));
    }
}

pub(crate) async fn any_bytes_may_be_a_body(trial: Trial) {
    let heard = trial.hears().await;
    let every: Vec<u8> = (0..=255).collect();
    let zeros = vec![0; 100];
    for body in [every, zeros, b"\r\n".to_vec(), vec![0xff, 0xfe], b"{}".to_vec()] {
        let sent = Envelope::new(HAPPENED, "application/octet-stream", body);
        trial.publish(&sent).await;
        let came = heard.done(1).await;
        assert_eq!((&came[0].body, &came[0].content_type), (&sent.body, &sent.content_type));
    }
}

pub(crate) async fn a_large_body_comes_back(trial: Trial) {
    let heard = trial.hears().await;
    let body: Vec<u8> = (0..200_000_u32).map(|at| at.to_le_bytes()[0]).collect();
    let sent = Envelope::new(HAPPENED, "application/octet-stream", body);
    trial.publish(&sent).await;
    assert_eq!(heard.done(1).await[0].body, sent.body);
}

pub(crate) async fn a_body_that_is_too_large_is_refused(trial: Trial) {
    let heard = trial.hears().await;
    let most = trial.transport.traits().max_size.expect("the need is met");
    let large = Envelope::new(HAPPENED, "application/octet-stream", vec![7; most + 1]);
    let error = trial.transport.send(large).await.expect_err("it is too large");
    assert_eq!(error.code(), "AW2006", "{error}");
    assert!(!error.kind().is_retryable(), "sending it again does not help: {error}");
    let next = happened(1);
    trial.publish(&next).await;
    assert_eq!(heard.done(1).await[0].id, next.id);
}

pub(crate) async fn plain_json_of_a_foreign_producer_is_read(trial: Trial) {
    let heard = trial.hears().await;
    let body = r#"{"number":7}"#;
    let publishing = trial.place.foreign(body).expect("the need is met");
    publishing.await.expect("a foreign producer may publish");
    let came = heard.receive(1).await;
    let first = envelope(&came[0]);
    assert_eq!((first.name.as_str(), &first.body[..]), (HAPPENED, body.as_bytes()));
    // It comes again under the same id.
    heard.close().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let heard = trial.hears().await;
    assert_eq!(heard.done(1).await[0].id, first.id);
}
