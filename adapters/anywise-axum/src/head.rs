//! The strict reading of an HTTP/1 request head, before hyper reads it.
//!
//! Two parsers that read one request differently are how requests are
//! smuggled, so this refuses what servers are known to disagree on: bare line
//! feeds, folded lines, spaces before a colon, `Content-Length` beside
//! `Transfer-Encoding`, either of them twice, a missing or second `Host`. It
//! builds nothing; all it tells is how long the body is.

use http::Uri;

use crate::limits::Limits;
use crate::problem::Problem;

/// How the end of a request's body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// The index after the empty line that ends the head, looking from `from` on.
pub(crate) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr_iter(b'\n', &bytes[from..]).find_map(|at| match &bytes[from + at + 1..] {
        [b'\r', b'\n', ..] => Some(from + at + 3),
        [b'\n', ..] => Some(from + at + 2),
        _ => None,
    })
}

/// Checks a head, whole or not, against the size limits.
pub(crate) fn check_size(head: &[u8], limits: &Limits) -> Result<(), Problem> {
    // A method, two spaces and the version take less than 64 bytes.
    if head.len() <= limits.uri_size.min(limits.header_size) {
        return Ok(());
    }
    let line = memchr::memchr(b'\n', head).unwrap_or(head.len());
    if line > limits.uri_size + 64 {
        return Err(Problem::uri_too_long(limits));
    }
    if head.len() - line > limits.header_size + 4 {
        return Err(Problem::headers_too_large(limits));
    }
    Ok(())
}

/// Checks a whole head, from the method to the empty line.
pub(crate) fn check(head: &[u8], limits: &Limits) -> Result<Framing, Problem> {
    check_size(head, limits)?;
    let (line, mut rest) = next_line(head)?;
    let modern = request_line(line, limits)?;
    let mut seen = Seen::default();
    let mut count = 0;
    loop {
        let (line, next) = next_line(rest)?;
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > limits.headers {
            return Err(Problem::headers_too_large(limits));
        }
        header(line, &mut seen)?;
        rest = next;
    }
    seen.framing(modern)
}

fn next_line(bytes: &[u8]) -> Result<(&[u8], &[u8]), Problem> {
    let end = memchr::memchr(b'\n', bytes)
        .ok_or_else(|| Problem::malformed("the head of the request breaks off"))?;
    let line = bytes[..end]
        .strip_suffix(b"\r")
        .ok_or_else(|| Problem::malformed("a line of the head ends without a carriage return"))?;
    Ok((line, &bytes[end + 1..]))
}

/// Checks the first line; true when it says HTTP/1.1.
fn request_line(line: &[u8], limits: &Limits) -> Result<bool, Problem> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Problem::malformed("the request line is not `METHOD target HTTP/1.1`"));
    };
    if method.is_empty() || !method.iter().all(|byte| is_token(*byte)) {
        return Err(Problem::malformed("the method is not a token"));
    }
    if target.len() > limits.uri_size {
        return Err(Problem::uri_too_long(limits));
    }
    let form = match target {
        [b'/', ..] => true,
        b"*" => method == b"OPTIONS",
        _ => method != b"CONNECT" && Uri::try_from(target).is_ok_and(|uri| uri.scheme().is_some()),
    };
    if !form || !target.iter().all(|byte| is_in_target(*byte)) {
        return Err(Problem::malformed("the request target is not a path, or not an encoded one"));
    }
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        _ => Err(Problem::malformed("the version is neither HTTP/1.1 nor HTTP/1.0")),
    }
}

/// The headers that decide where a request ends and whom it is for.
#[derive(Default)]
struct Seen {
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
}

impl Seen {
    fn framing(&self, modern: bool) -> Result<Framing, Problem> {
        match (self.hosts, modern) {
            (1, _) | (0, false) => {}
            (0, true) => return Err(Problem::malformed("there is no `Host` header")),
            _ => return Err(Problem::malformed("there is more than one `Host` header")),
        }
        match (self.length, self.chunked) {
            (Some(_), true) => Err(Problem::malformed("`Content-Length` beside `Transfer-Encoding`")),
            (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
            (None, true) if modern => Ok(Framing::Chunked),
            (None, true) => Err(Problem::malformed("`Transfer-Encoding` in HTTP/1.0")),
        }
    }
}

fn header(line: &[u8], seen: &mut Seen) -> Result<(), Problem> {
    if matches!(line, [b' ' | b'\t', ..]) {
        return Err(Problem::malformed("a header line is folded"));
    }
    let end = line.iter().position(|byte| !is_token(*byte)).unwrap_or(line.len());
    let (name, value) = line.split_at(end);
    let Some((b':', value)) = value.split_first().filter(|_| !name.is_empty()) else {
        return Err(Problem::malformed("a header line is not `name: value`"));
    };
    if !value.iter().all(|byte| *byte >= b' ' && *byte != 0x7f || *byte == b'\t') {
        return Err(Problem::malformed("a header value has a control character"));
    }
    let value = value.trim_ascii();
    match name.len() {
        4 if name.eq_ignore_ascii_case(b"host") => {
            seen.hosts += 1;
            if value.iter().any(|byte| b"/\\@?#, \t".contains(byte)) {
                return Err(Problem::malformed("the `Host` header is not a host"));
            }
        }
        14 if name.eq_ignore_ascii_case(b"content-length") => {
            if seen.length.is_some() {
                return Err(Problem::malformed("there is more than one `Content-Length` header"));
            }
            seen.length = Some(length(value)?);
        }
        17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
            if seen.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Problem::malformed("`Transfer-Encoding` is not `chunked`, once"));
            }
            seen.chunked = true;
        }
        _ => {}
    }
    Ok(())
}

fn length(value: &[u8]) -> Result<u64, Problem> {
    std::str::from_utf8(value)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|length| *length < u64::MAX - 2)
        .ok_or_else(|| Problem::malformed("`Content-Length` is not a number of bytes"))
}

/// RFC 9110 `tchar`.
const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let mark = matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
        table[byte as usize] = mark || byte.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// What RFC 3986 allows in a path and query, and `{`, `|`, `}`, which clients send bare.
const fn is_in_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Framing, u16> {
        check(head.as_bytes(), &Limits::default()).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn the_end_is_the_empty_line() {
        assert_eq!(end(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nrest", 0), Some(27));
        assert_eq!(end(b"GET / HTTP/1.1\nhost: x\n\nrest", 0), Some(24));
        assert_eq!(end(b"GET / HTTP/1.1\r\nhost: x\r\n\r", 0), None);
        assert_eq!(end(b"", 0), None);
    }

    #[test]
    fn good_heads() {
        for (head, framing) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", Framing::Length(0)),
            ("GET /a%20b?q={1} HTTP/1.0\r\n\r\n", Framing::Length(0)),
            ("OPTIONS * HTTP/1.1\r\nhost:x\r\n\r\n", Framing::Length(0)),
            ("GET http://x/y HTTP/1.1\r\nhost: x\r\n\r\n", Framing::Length(0)),
            ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length:  42 \r\n\r\n", Framing::Length(42)),
            ("POST / HTTP/1.1\r\nhost: [::1]:80\r\nTransfer-Encoding: Chunked\r\n\r\n", Framing::Chunked),
            ("GET / HTTP/1.1\r\nhost: x\r\nx-name: caf\u{e9}\tb\r\nempty:\r\n\r\n", Framing::Length(0)),
        ] {
            assert_eq!(read(head), Ok(framing), "{head:?}");
        }
    }

    #[test]
    fn sizes_have_their_own_status() {
        let long = "x".repeat(8 * 1024);
        assert_eq!(read(&format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n")), Err(414));
        let line = format!("x: {long}\r\n");
        assert_eq!(read(&format!("GET / HTTP/1.1\r\nhost: x\r\n{line}{line}\r\n")), Err(431));
        let lines = "x: y\r\n".repeat(100);
        assert_eq!(read(&format!("GET / HTTP/1.1\r\nhost: x\r\n{lines}\r\n")), Err(431));
    }
}
