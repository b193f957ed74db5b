//! The look at the raw bytes before any value is built: empty, too deep, too
//! many values, not UTF-8, not an object.
//!
//! It holds constant memory and never judges syntax; that is the parser's work.

use super::{JsonFault, JsonLimits};

/// A body that may be parsed.
pub(super) struct Outline<'a> {
    pub(super) text: &'a str,
    /// Whether a `[` occurs anywhere, in strings too.
    pub(super) arrays: bool,
}

pub(super) fn check<'a>(bytes: &'a [u8], limits: &JsonLimits) -> Result<Outline<'a>, JsonFault> {
    let count = Count::of(bytes);
    // Brackets in strings count here, so this only ever errs towards a closer look.
    if count.opens > limits.depth || count.opens + count.commas > limits.nodes {
        walk(bytes, limits)?;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let pointer = pointer_at(bytes, error.valid_up_to(), limits.depth);
            let detail = format!("invalid UTF-8 at byte {}", error.valid_up_to() + 1);
            return Err(JsonFault::new("AW1004", 400, detail).at(pointer));
        }
    };
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(JsonFault::new("AW1001", 400, "the body is empty; expected JSON")),
        Some(b'[') if limits.object => {
            let fault = JsonFault::new("AW1015", 422, "expected an object, found an array");
            Err(fault.at(String::new()).saw(Some("an object"), Some("an array")))
        }
        Some(_) => Ok(Outline { text, arrays: count.arrays }),
    }
}

/// Bytes of interest, counted without regard to strings.
#[derive(Default)]
struct Count {
    opens: usize,
    commas: usize,
    arrays: bool,
}

impl Count {
    fn of(bytes: &[u8]) -> Self {
        let mut count = Self::default();
        // Blocks of at most 255 keep the sums in one byte, which the compiler
        // turns into vector code. `[` and `{` differ only in bit 5.
        for block in bytes.chunks(255) {
            let (mut opens, mut arrays, mut commas) = (0_u8, 0_u8, 0_u8);
            for &byte in block {
                opens += u8::from(byte | 0x20 == b'{');
                arrays |= u8::from(byte == b'[');
                commas += u8::from(byte == b',');
            }
            count.opens += usize::from(opens);
            count.commas += usize::from(commas);
            count.arrays |= arrays != 0;
        }
        count
    }
}

/// The exact count, outside strings.
#[cold]
fn walk(bytes: &[u8], limits: &JsonLimits) -> Result<(), JsonFault> {
    let (mut depth, mut nodes) = (0_usize, 1_usize);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                nodes += 1;
                if depth > limits.depth {
                    let detail = format!("nesting deeper than {}", limits.depth);
                    return Err(JsonFault::new("AW1016", 400, detail));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => nodes += 1,
            _ => {}
        }
        if nodes > limits.nodes {
            let detail = format!("more than {} values", limits.nodes);
            return Err(JsonFault::new("AW1017", 400, detail));
        }
    }
    Ok(())
}

/// The index after the quote that ends the string whose inside starts at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

enum Place {
    Member(String),
    Element(usize),
}

/// The JSON pointer of the value in which the byte at `offset` lies.
///
/// It follows well-formed JSON up to there; on anything else it gives the
/// innermost place it is sure of.
fn pointer_at(bytes: &[u8], offset: usize, depth: usize) -> String {
    let mut places: Vec<Place> = Vec::new();
    let (mut at, mut key) = (0, false);
    while at < offset {
        let byte = bytes[at];
        at += 1;
        match byte {
            b'"' => {
                let end = string_end(bytes, at);
                if end > offset {
                    break;
                }
                if key && let Some(Place::Member(name)) = places.last_mut() {
                    let quoted = bytes.get(at - 1..end).unwrap_or_default();
                    *name = serde_json::from_slice(quoted).unwrap_or_default();
                    key = false;
                }
                at = end;
            }
            b'{' | b'[' if places.len() == depth => break,
            b'{' => {
                places.push(Place::Member(String::new()));
                key = true;
            }
            b'[' => {
                places.push(Place::Element(0));
                key = false;
            }
            b'}' | b']' => {
                places.pop();
                key = false;
            }
            b',' => match places.last_mut() {
                Some(Place::Element(index)) => *index += 1,
                Some(Place::Member(_)) => key = true,
                None => {}
            },
            _ => {}
        }
    }
    if key {
        places.pop();
    }
    let mut pointer = String::new();
    for place in &places {
        match place {
            Place::Member(name) => super::fault::push(&mut pointer, name),
            Place::Element(index) => super::fault::push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}
