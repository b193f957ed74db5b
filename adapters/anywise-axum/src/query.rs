//! Query strings and path segments as text.

use std::borrow::Cow;

type Text<'q> = Cow<'q, str>;

/// The names and values of a query string, `+` being a space.
///
/// # Errors
/// The name, as sent, of a parameter that is not percent-encoded UTF-8.
pub(crate) fn pairs<'q>(query: &'q str) -> Result<Vec<(Text<'q>, Text<'q>)>, &'q str> {
    let pair = |pair: &'q str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode(name, true).zip(decode(value, true)).ok_or(name)
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// Undoes percent-encoding; `None` when that leaves no text.
pub(crate) fn decode(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || plus && byte == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let (byte, after) = match (first, more) {
            (b'%', [high, low, after @ ..]) => (hex(*high)? << 4 | hex(*low)?, after),
            (b'%', _) => return None,
            (b'+', _) if plus => (b' ', more),
            (byte, _) => (*byte, more),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Percent-encodes what cannot stand in a path segment.
pub(crate) fn encode_segment(text: &str, into: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_or_refused() {
        let check =
            |text, decoded: Option<&str>| assert_eq!(decode(text, true).as_deref(), decoded, "{text}");
        check("tea", Some("tea"));
        check("a+b%20c%2B", Some("a b c+"));
        check("%C3%a9", Some("é"));
        for bad in ["%", "%4", "%zz", "%ff", "%00", "a%+1"] {
            check(bad, None);
        }
        assert_eq!(decode("a+b", false).as_deref(), Some("a+b"));
    }

    #[test]
    fn a_query_is_split() {
        let all = pairs("a=1&&b&c=x%3Dy&a=2").expect("well formed");
        assert_eq!(all, [("a", "1"), ("b", ""), ("c", "x=y"), ("a", "2")].map(|(a, b)| (a.into(), b.into())));
        assert_eq!(pairs("a=1&b=%ff"), Err("b"));
    }

    #[test]
    fn a_segment_stays_one() {
        let mut text = String::new();
        encode_segment("a/b?é", &mut text);
        assert_eq!(text, "a%2Fb%3F%C3%A9");
    }
}
