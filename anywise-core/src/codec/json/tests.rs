use std::collections::HashMap;

use serde::Deserialize;

use super::{JsonFault, JsonLimits, decode_json};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    a: u32,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    paid: Option<Payment>,
    #[serde(default)]
    price: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Line {
    sku: String,
    quantity: i8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Payment {
    Cash,
    Card { token: String },
    Split(u8, u8),
}

#[derive(Debug, Deserialize)]
struct Loose {
    #[expect(dead_code, reason = "only its presence matters")]
    a: u32,
}

fn fault(body: impl AsRef<[u8]>) -> JsonFault {
    decode_json::<Order>(body.as_ref(), &JsonLimits::default()).expect_err("the body is at fault")
}

#[track_caller]
fn check(body: impl AsRef<[u8]>, status: u16, code: &str, pointer: Option<&str>, words: &str) {
    let fault = fault(body);
    let seen = (fault.status, fault.code, fault.pointer.as_deref());
    assert_eq!(seen, (status, code, pointer), "{fault:?}");
    assert!(fault.detail.contains(words), "{words:?} not in {fault:?}");
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn a_good_body_is_read() {
    let order: Order = decode_json(
        br#" {"a": 1, "lines": [{"sku": "t[e]a", "quantity": -2}], "paid": {"split": [1, 2]}} "#,
        &JsonLimits::default(),
    )
    .expect("well formed");
    assert_eq!(order.lines, [Line { sku: "t[e]a".into(), quantity: -2 }]);
    assert_eq!(order.paid, Some(Payment::Split(1, 2)));
}

#[test]
fn h01_an_empty_body() {
    check("", 400, "AW1001", None, "empty");
    check(" \r\n\t", 400, "AW1001", None, "expected JSON");
}

#[test]
fn h02_a_truncated_body() {
    check(r#"{"a":"#, 400, "AW1002", None, "unexpected end at line 1 column 5");
    check("{\"a\": 1,\n \"b", 400, "AW1002", None, "unexpected end at line 2 column 3");
}

#[test]
fn h03_trailing_text() {
    check(r#"{"a": 1} x"#, 400, "AW1002", None, "trailing characters at line 1 column 10");
    check(r#"{"a": 1, "lines": []}]"#, 400, "AW1002", None, "trailing characters at line 1");
}

#[test]
fn h05_invalid_utf8() {
    check(b"{\"a\": \"\xff\"}", 400, "AW1004", Some("/a"), "byte 8");
    check(
        b"{\"a\": 1, \"lines\": [{}, {\"s/~\": [\"x\", \"\\\"\xc3\"]}]}",
        400,
        "AW1004",
        Some("/lines/1/s~1~0/1"),
        "UTF-8",
    );
    check(b"{\"\xff\": 1}", 400, "AW1004", Some(""), "UTF-8");
    check(b"\xff", 400, "AW1004", Some(""), "byte 1");
}

#[test]
fn h06_a_missing_field() {
    check("{}", 422, "AW1010", Some("/a"), "required");
    check(
        r#"{"a": 1, "lines": [{"sku": "x", "quantity": 1}, {"sku": "y"}]}"#,
        422,
        "AW1010",
        Some("/lines/1/quantity"),
        "required",
    );
}

#[test]
fn h07_an_unknown_field() {
    check(r#"{"zz": 1}"#, 422, "AW1011", Some("/zz"), "no field `zz`");
    check(r#"{"a": 1, "lnes": []}"#, 422, "AW1011", Some("/lnes"), "did you mean `lines`?");
    let fault = fault(r#"{"a": 1, "zz": 1}"#);
    assert_eq!(fault.expected.as_deref(), Some("one of `a`, `name`, `lines`, `paid`, `price`"));
}

#[test]
fn h08_a_field_given_twice() {
    check(r#"{"a": 1, "a": 1}"#, 400, "AW1012", Some("/a"), "twice");
    check(r#"{"a": 1, "lines": [{"sku": "x", "sku": "y"}]}"#, 400, "AW1012", Some("/lines/0/sku"), "`sku`");
}

#[test]
fn h09_a_wrong_type_or_range() {
    check(r#"{"a": "x"}"#, 422, "AW1013", Some("/a"), "from 0 to 4294967295, found string \"x\"");
    check(r#"{"a": -1}"#, 422, "AW1013", Some("/a"), "found integer `-1`");
    check(r#"{"a": 1.5}"#, 422, "AW1013", Some("/a"), "found `1.5`");
    check(r#"{"a": 4294967296}"#, 422, "AW1013", Some("/a"), "found integer `4294967296`");
    check(
        r#"{"a": 1, "lines": [{"sku": "x", "quantity": 128}]}"#,
        422,
        "AW1013",
        Some("/lines/0/quantity"),
        "from -128 to 127",
    );
    check(r#"{"a": 1, "lines": {}}"#, 422, "AW1013", Some("/lines"), "expected an array, found an object");
    check(r#"{"a": 1, "paid": "gold"}"#, 422, "AW1013", Some("/paid"), "`gold` is not one of the choices");
    let fault = fault(r#"{"a": "x"}"#);
    assert_eq!(fault.expected.as_deref(), Some("an integer from 0 to 4294967295"));
    assert_eq!(fault.found.as_deref(), Some("string \"x\""));
}

#[test]
fn h10_a_number_no_float_can_hold() {
    check(r#"{"a": 1, "price": 1e999}"#, 400, "AW1014", Some("/price"), "out of range");
    check(r#"{"a": 1, "price": NaN}"#, 400, "AW1014", Some("/price"), "NaN");
    check(r#"{"a": 1, "price": -Infinity}"#, 400, "AW1014", Some("/price"), "Infinity");
    check("{\"a\": 1,\n\"price\":Infinity}", 400, "AW1014", Some("/price"), "Infinity");
}

#[test]
fn h11_an_array_where_an_object_belongs() {
    check("[1]", 422, "AW1015", Some(""), "expected an object, found an array");
    check(r#"{"a": 1, "lines": [["x", 1]]}"#, 422, "AW1015", Some("/lines/0"), "found an array");
    check(r#"{"a": 1, "paid": {"card": ["t"]}}"#, 422, "AW1015", Some("/paid/card"), "found an array");
    let limits = JsonLimits { object: false, ..JsonLimits::default() };
    let fault = decode_json::<Order>(b"[1]", &limits).expect_err("still no array");
    assert_eq!((fault.code, fault.pointer.as_deref()), ("AW1015", Some("")));
    let numbers: Vec<u8> = decode_json(b"[1, 2]", &limits).expect("arrays where they belong");
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn h12_a_null_body() {
    check("null", 422, "AW1013", Some(""), "expected an object (`Order`), found null");
}

#[test]
fn h13_nesting() {
    for depth in [64, 65, 500, 10_000] {
        check(format!(r#"{{"zz": {}}}"#, nested(depth)), 400, "AW1016", None, "deeper than 64");
        let body = format!(r#"{{"a": 1, "ignored": {}}}"#, nested(depth));
        let fault = decode_json::<Loose>(body.as_bytes(), &JsonLimits::default());
        assert_eq!(fault.expect_err("too deep").code, "AW1016");
    }
    let body = format!(r#"{{"a": 1, "ignored": {}}}"#, nested(63));
    decode_json::<Loose>(body.as_bytes(), &JsonLimits::default()).expect("64 levels");
    let flat = format!(r#"{{"a": 1, "ignored": "{}\"["}}"#, "[".repeat(500));
    decode_json::<Loose>(flat.as_bytes(), &JsonLimits::default()).expect("not nested at all");
}

#[test]
fn too_many_values() {
    let body = format!(r#"{{"a": 1, "ignored": [{}0]}}"#, "0,".repeat(100_000));
    let fault = decode_json::<Loose>(body.as_bytes(), &JsonLimits::default());
    assert_eq!(fault.expect_err("too many").code, "AW1017");
    let body = format!(r#"{{"a": 1, "ignored": "{}"}}"#, ",".repeat(200_000));
    decode_json::<Loose>(body.as_bytes(), &JsonLimits::default()).expect("a long string");
}

#[test]
fn values_are_echoed_in_part() {
    let long = "x".repeat(5_000);
    for body in [
        format!(r#"{{"a": "{long}"}}"#),
        format!(r#"{{"{long}": 1}}"#),
        format!(r#"{{"a": 1, "paid": "{long}"}}"#),
    ] {
        let fault = fault(body);
        let found = fault.found.clone().unwrap_or_default();
        assert!(found.chars().count() <= 64, "{fault:?}");
        assert!(!format!("{fault:?}").contains(&"x".repeat(65)), "{fault:?}");
    }
}

#[test]
fn a_pointer_is_escaped() {
    let limits = JsonLimits::default();
    let fault = decode_json::<HashMap<String, u8>>(br#"{"a/b~c": "x"}"#, &limits);
    assert_eq!(fault.expect_err("not a number").pointer.as_deref(), Some("/a~1b~0c"));
}

/// A small generator, so that the same bodies are tried on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("below sides")
    }
}

#[test]
fn mutated_bodies_never_panic_and_always_have_a_code() {
    let seeds: [&[u8]; 5] = [
        br#"{"a": 1, "name": "t\u00e9\ud83d\ude00", "lines": [{"sku": "x", "quantity": -3}]}"#,
        br#"{"a": 4294967295, "paid": {"card": {"token": "t"}}, "price": -1.5e-3}"#,
        br#"{"a": 1, "lines": [["x", 1], [], [[[[{}]]]]], "paid": {"split": [1, 2]}}"#,
        br#"{"a": 1, "zz": {"k": [true, false, null, "\\\"[{"]}}"#,
        b"{\"a\": \"\xc3\xa9\", \"name\": \"\xe2\x82\xac\"}",
    ];
    let bits: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\\u",
        b"NaN",
        b"1e999",
        b"-",
        b"null",
        b"\xff",
        b"\xf0\x9f",
        b"\0",
        b"`, expected `",
        b"\n",
        b"Infinity",
        b"\"a\":",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..40_000 {
        let mut body = seeds[round % seeds.len()].to_vec();
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(body.len() + 1);
            let bit = bits[dice.roll(bits.len())];
            match dice.roll(4) {
                0 => body.truncate(at),
                1 if at < body.len() => body[at] = u8::try_from(dice.roll(256)).expect("a byte"),
                2 if at < body.len() => drop(body.remove(at)),
                _ => drop(body.splice(at..at, bit.iter().copied()).collect::<Vec<_>>()),
            }
        }
        let limits = JsonLimits { depth: 1 + dice.roll(6), nodes: 1 + dice.roll(30), object: round % 2 == 0 };
        if let Err(fault) = decode_json::<Order>(&body, &limits) {
            assert!(fault.code.starts_with("AW10"), "{fault:?}");
            assert!(matches!(fault.status, 400 | 422) && !fault.detail.is_empty(), "{fault:?}");
        }
        let _ = decode_json::<serde_json::Value>(&body, &limits);
    }
}
