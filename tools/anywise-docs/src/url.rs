//! Which addresses may become links, and how a source file becomes one.

use anywise_core::catalog::Site as SourceSite;
use std::fmt::Write;

/// True for `http(s)` addresses and for addresses relative to the page.
///
/// Everything with another scheme (`javascript:`, `data:`, `file:` …) is refused,
/// and so are `//host` and `\`, which browsers read as another origin.
pub(crate) fn is_safe(url: &str) -> bool {
    if url.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return false;
    }
    match scheme(url) {
        Some(scheme) => {
            (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
                && url[scheme.len()..].starts_with("://")
        }
        None => !url.is_empty() && !url.starts_with("//"),
    }
}

/// What stands before the first `:`, if that is before any `/`, `?` or `#`.
fn scheme(url: &str) -> Option<&str> {
    let end = url.find([':', '/', '?', '#'])?;
    url[end..].starts_with(':').then(|| &url[..end])
}

/// The address of a place in the source, or nothing when it cannot be linked.
pub(crate) fn source(base: Option<&str>, site: &SourceSite) -> Option<String> {
    let base = base.filter(|base| is_safe(base))?.trim_end_matches('/');
    let file = site.file.replace('\\', "/");
    let outside = file.starts_with('/') || file.contains(':') || file.split('/').any(|part| part == "..");
    if outside || file.is_empty() {
        return None;
    }
    Some(format!("{base}/{}#L{}", encode(&file), site.line))
}

/// Percent-encodes a path, leaving its slashes.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_relative_addresses_are_safe() {
        for good in ["http://a.b/c?d#e", "HTTPS://a.b", "a/b.html", "../x", "#part", "/abs", "a?b=c:d"] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "//evil.example",
            "\\\\evil.example",
            "/\\evil.example",
            "http:evil",
            "crate::Thing",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn source_links_stay_below_the_base() {
        let site = |file: &str| SourceSite { file: file.into(), line: 7 };
        let base = Some("https://git.example/blob/main/");
        assert_eq!(
            source(base, &site("src/a b.rs")).as_deref(),
            Some("https://git.example/blob/main/src/a%20b.rs#L7")
        );
        assert_eq!(
            source(base, &site("slices\\order\\lib.rs")).as_deref(),
            Some("https://git.example/blob/main/slices/order/lib.rs#L7")
        );
        for unlinked in ["/root/src/a.rs", "../a.rs", "C:\\a.rs", ""] {
            assert_eq!(source(base, &site(unlinked)), None, "{unlinked}");
        }
        assert_eq!(source(None, &site("a.rs")), None);
        assert_eq!(source(Some("javascript:x"), &site("a.rs")), None);
    }
}
