//! As much of HTTP as a client of the shop needs.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request, each on a connection of its own.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    body: Option<Value>,
    key: Option<String>,
}

/// Its answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn get(path: String) -> Self {
        Self { method: "GET", path, body: None, key: None }
    }

    pub(crate) fn put(path: String, body: Value) -> Self {
        Self { method: "PUT", path, body: Some(body), key: None }
    }

    pub(crate) fn post(path: String, body: Value) -> Self {
        Self { method: "POST", path, body: Some(body), key: None }
    }

    /// Under an idempotency key.
    pub(crate) fn key(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Asks whoever is at `address`.
    pub(crate) async fn send(&self, address: &str) -> std::io::Result<Response> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(self.text(address).as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        read(&answer).ok_or_else(|| std::io::Error::other("the answer was cut short"))
    }

    fn text(&self, address: &str) -> String {
        let Self { method, path, .. } = self;
        let key = self.key.as_ref().map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let kind = if self.body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{key}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// Reads an answer, if all of it is there.
fn read(answer: &[u8]) -> Option<Response> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let body = match header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => body.get(..length)?.to_owned(),
        None if header("transfer-encoding").is_some() => chunks(body)?,
        None => body.to_owned(),
    };
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).ok()? };
    Some(Response { status, body })
}

fn chunks(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whole_or_not_at_all() {
        let whole = b"HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\n{\"a\":1}";
        let answer = read(whole).unwrap();
        assert_eq!((answer.status, answer.body), (201, serde_json::json!({"a": 1})));
        assert!(read(&whole[..whole.len() - 1]).is_none());
        let chunked =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n";
        assert_eq!(read(chunked).unwrap().body, serde_json::json!([1, 2]));
    }
}
