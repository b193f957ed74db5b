//! Bad input, one file a case: `tests/corpus/http/<id>.in` or `.raw`, and
//! `<id>.expect`.
//!
//! An `.in` file is a request without its carriage returns; `Host` and
//! `Content-Length` are added where missing. A `.raw` file is every byte: line
//! breaks do not count, `\\r`, `\\n`, `\\t` and `\\0` do. In both, `\\xHH` is a
//! byte and `<<n*text>>` is `text`, n times.
//!
//! An `.expect` file has lines `status 422`, `code AW1013`, `pointer /a`,
//! `words some text`, `header name: value` and `closed`.

use std::fs;
use std::path::{Path, PathBuf};

use anywise_axum::Limits;

use crate::shop;

#[tokio::test]
async fn every_case_is_answered_as_expected() {
    let (server, _) = shop::start(Limits::default()).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/http");
    let files = fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("a file").path());
    let mut cases: Vec<PathBuf> = files.filter(|path| !path.ends_with("expect")).collect();
    cases.retain(|path| path.extension().is_some_and(|kind| kind != "expect"));
    cases.sort();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let expected = fs::read_to_string(case.with_extension("expect")).expect("an expectation");
        let mut client = server.client().await;
        client.send(request(&case)).await;
        let reply = client.reply().await;
        let mut problem = String::from_utf8_lossy(&reply.body).into_owned();
        let json = serde_json::from_slice(&reply.body).unwrap_or(serde_json::Value::Null);
        for line in expected.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let right = match key {
                "status" => reply.status.to_string() == value,
                "code" => {
                    json["code"] == value && reply.header("content-type") == Some("application/problem+json")
                }
                "pointer" => json["errors"][0]["pointer"] == value,
                "words" => json["detail"].as_str().is_some_and(|detail| detail.contains(value)),
                "header" => {
                    value.split_once(": ").is_some_and(|(name, value)| reply.header(name) == Some(value))
                }
                "closed" => client.closed().await.is_empty(),
                _ => panic!("`{key}` in {case:?}"),
            };
            if !right {
                problem.truncate(600);
                let name = case.file_name().unwrap_or_default();
                wrong.push(format!("{name:?}: not `{line}`: {} {problem}", reply.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn request(case: &Path) -> Vec<u8> {
    let text = fs::read_to_string(case).expect("a request");
    if case.extension().is_some_and(|kind| kind == "raw") {
        return unescape(&text.replace('\n', ""), true);
    }
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let body = unescape(body.strip_suffix('\n').unwrap_or(body), false);
    let mut request = unescape(&head.replace('\n', "\r\n"), false);
    let lower = head.to_ascii_lowercase();
    if !lower.contains("\nhost:") {
        request.extend_from_slice(b"\r\nhost: x");
    }
    if !lower.contains("\ncontent-length:") && !lower.contains("\ntransfer-encoding:") {
        request.extend_from_slice(format!("\r\ncontent-length: {}", body.len()).as_bytes());
    }
    request.extend_from_slice(b"\r\n\r\n");
    request.extend_from_slice(&body);
    request
}

fn unescape(text: &str, all: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some((times, after)) = rest.strip_prefix("<<").and_then(|rest| rest.split_once('*'))
            && let (Ok(times), Some((part, after))) = (times.parse(), after.split_once(">>"))
        {
            bytes.extend_from_slice(&unescape(part, all).repeat(times));
            rest = after;
            continue;
        }
        if let Some(hex) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(&hex[..2], 16).expect("two hex digits"));
            rest = &hex[2..];
            continue;
        }
        let escaped = if all { rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) } else { None };
        let byte = match escaped {
            Some('r') => Some(b'\r'),
            Some('n') => Some(b'\n'),
            Some('t') => Some(b'\t'),
            Some('0') => Some(0),
            _ => None,
        };
        if let Some(byte) = byte {
            bytes.push(byte);
            rest = &rest[2..];
        } else {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[letter.len_utf8()..];
        }
    }
    bytes
}
