//! Servers that are none of ours.

use std::time::Duration;

use anywise::Requests;
use anywise::prelude::*;
use anywise_http::{HttpLimits, HttpRemote};
use tokio::io::AsyncWriteExt;

use crate::desk::{Note, Ring};
use crate::server::{Server, request, within};

fn through(server: &Server) -> Requests {
    within_time(server, HttpLimits::default().answer_time)
}

fn within_time(server: &Server, answer_time: Duration) -> Requests {
    let limits = HttpLimits { answer_time, reply_size: 10_000, ..HttpLimits::default() };
    Requests::through(HttpRemote::to(&server.url()).unwrap().limits(limits).unwrap())
}

/// What comes of an answer that is whole.
async fn answered(head: &str, body: &str) -> Result<Vec<String>> {
    let length = body.len();
    let server = Server::saying(format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}")).await;
    within(through(&server).send(Note::Short("x".into())).into_future()).await
}

/// What comes of these bytes.
async fn said(bytes: impl Into<Vec<u8>>) -> Error {
    let server = Server::saying(bytes).await;
    within(through(&server).send(Note::Short("x".into())).into_future()).await.unwrap_err()
}

#[track_caller]
fn check(error: &Error, kind: Kind, code: &str) {
    assert_eq!((error.kind(), error.code()), (kind, code), "{error:?}");
    assert!(error.detail().is_none_or(|detail| !detail.contains("127.0.0.1")), "{error:?}");
}

const JSON: &str = "200 OK\r\ncontent-type: application/json";

#[tokio::test]
async fn a_reply_is_json_of_its_shape() {
    assert_eq!(answered(JSON, r#"["a"]"#).await.unwrap(), ["a"]);
    assert_eq!(answered("201 x\r\ncontent-type: application/vnd.x+json; v=1", "[]").await.unwrap().len(), 0);
    for body in ["{", "", "7", "[1]", r#"["a"#, "null", "\u{0}", "[\"a\"] trailing"] {
        check(&answered(JSON, body).await.unwrap_err(), Kind::Internal, "AW2103");
    }
    check(&answered(JSON, &"[".repeat(5_000)).await.unwrap_err(), Kind::Internal, "AW2103");
    for kind in ["", "\r\ncontent-type: text/html", "\r\ncontent-type: \u{e9}"] {
        check(&answered(&format!("200 OK{kind}"), r#"["a"]"#).await.unwrap_err(), Kind::Internal, "AW2103");
    }
}

#[tokio::test]
async fn pages_of_proxies_are_no_errors_of_handlers() {
    let html = "<html><body>an error</body></html>";
    for (head, kind) in [
        ("502 Bad Gateway", Kind::Unavailable),
        ("503 x\r\ncontent-type: text/html", Kind::Unavailable),
        ("504 x", Kind::Timeout),
        ("404 Not Found\r\ncontent-type: text/html", Kind::Internal),
        ("401 x", Kind::Internal),
        ("302 Found\r\nlocation: http://127.0.0.1:1/", Kind::Internal),
        ("500 x\r\ncontent-type: application/problem+json", Kind::Internal),
    ] {
        check(&answered(head, html).await.unwrap_err(), kind, "AW2103");
    }
}

#[tokio::test]
async fn what_is_no_http_is_a_lost_answer() {
    for bytes in ["", "garbage", "SSH-2.0-x\r\n", "HTTP/1.1 200", "HTTP/9.9 200 OK\r\n\r\n", "\r\n\r\n\r\n"] {
        check(&said(bytes).await, Kind::Unavailable, "AW2102");
    }
    check(&said(vec![0xff; 100_000]).await, Kind::Unavailable, "AW2102");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_lost_answer() {
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[\"a\"",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[\"a\"]",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let error = said(bytes).await;
        check(&error, Kind::Unavailable, "AW2102");
        assert!(error.detail().is_some_and(|detail| detail.contains("not known")));
    }
}

#[tokio::test]
async fn an_answer_is_read_up_to_a_limit() {
    let long = format!("[\"{}\"]", "x".repeat(9_990));
    assert_eq!(answered(JSON, &long[..]).await.unwrap()[0].len(), 9_990);
    let longer = format!("[\"{}\"]", "x".repeat(20_000));
    check(&answered(JSON, &longer).await.unwrap_err(), Kind::Internal, "AW2104");
    check(&answered("500 x", &longer).await.unwrap_err(), Kind::Internal, "AW2104");
    let endless = Server::raw(|mut stream| async move {
        request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
    })
    .await;
    let error = within(through(&endless).send(Ring).into_future()).await.unwrap_err();
    check(&error, Kind::Internal, "AW2104");
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    for bytes in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let silent = Server::raw(move |mut stream| async move {
            request(&mut stream).await;
            let _ = stream.write_all(bytes.as_bytes()).await;
            std::future::pending::<()>().await;
        })
        .await;
        let error = within(within_time(&silent, Duration::from_millis(200)).send(Ring).into_future())
            .await
            .unwrap_err();
        check(&error, Kind::Timeout, "AW2105");
    }
}

#[tokio::test]
async fn problems_are_believed_as_far_as_they_are_well_formed() {
    const PROBLEM: &str = "409 x\r\ncontent-type: application/problem+json";
    let deep = format!(
        r#"{{"code":"a.b","fault":{{"name":"x.Y","value":{}1{}}}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    for body in ["", "{", "[]", r#"{"code": null}"#, r#"{"code": "a.b", "errors": 7}"#, &deep] {
        check(&answered(PROBLEM, body).await.unwrap_err(), Kind::Internal, "AW2103");
    }
    let odd = r#"{"code":"a.b","kind":"molten","status":200,"fault":{"name":"desk.DeskError","value":{"Taken":7}}}"#;
    let error = answered(PROBLEM, odd).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.code()), (Kind::Internal, 409, "a.b"));
    assert_eq!(error.downcast_ref::<crate::desk::DeskError>(), None);
}
