//! Path and query parameters as fields of a message.
//!
//! A parameter is text; what it means is said by the message's JSON Schema.
//! The fields are written into the JSON object of the body, so that the one
//! reader in core judges all of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::problem::{FieldProblem, Problem, short};

/// What a field takes, as far as text can be turned into it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
    List(Box<Kind>),
}

/// The fields of a message type.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    known: Vec<(Arc<str>, Kind)>,
    /// Whether there may be others.
    open: bool,
}

/// Where a parameter came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
}

/// A parameter as a field: its name and JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) place: Place,
    pub(crate) name: Arc<str>,
    pub(crate) value: Value,
}

impl Field {
    /// Where the caller finds it.
    pub(crate) fn pointer(&self) -> String {
        pointer(self.place, &self.name)
    }
}

fn pointer(place: Place, name: &str) -> String {
    let place = match place {
        Place::Path => "path",
        Place::Query => "query",
    };
    format!("{place}.{}", short(name))
}

/// 400 `AW1024` about one parameter.
pub(crate) fn refused(field: FieldProblem) -> Problem {
    Problem::new(400, "AW1024").detail(format!("`{}`: {}", field.pointer, field.detail)).field(field)
}

pub(crate) fn fault(place: Place, name: &str, detail: impl Into<String>) -> FieldProblem {
    FieldProblem { pointer: pointer(place, name), detail: detail.into(), ..FieldProblem::default() }
}

impl Fields {
    /// Reads them from a JSON Schema.
    pub(crate) fn of(schema: Option<&Value>) -> Self {
        let Some(root) = schema else { return Self { known: Vec::new(), open: true } };
        let properties = root.get("properties").and_then(Value::as_object);
        let known = properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| (Arc::from(name.as_str()), Kind::of(schema, root, 8)))
            .collect();
        Self { known, open: root.get("additionalProperties") != Some(&Value::Bool(false)) }
    }

    /// The parameters as fields, in the order of their first appearance.
    ///
    /// # Errors
    /// 400 `AW1024`, naming the parameter.
    pub(crate) fn read<'p>(
        &self,
        parameters: impl IntoIterator<Item = (Place, &'p str, &'p str)>,
    ) -> Result<Vec<Field>, Problem> {
        let mut fields: Vec<Field> = Vec::new();
        for (place, name, text) in parameters {
            let known = self.known.iter().find(|(known, _)| **known == *name);
            let kind = match known {
                Some((_, kind)) => kind,
                None if self.open => &Kind::Text,
                None => return Err(refused(self.unknown(place, name))),
            };
            let earlier = fields.iter_mut().find(|field| *field.name == *name);
            let value = match (kind, earlier) {
                (Kind::List(kind), Some(Field { value: Value::Array(items), .. })) => {
                    items.push(kind.read(place, name, text)?);
                    continue;
                }
                (Kind::List(kind), None) => Value::Array(vec![kind.read(place, name, text)?]),
                (_, None) => kind.read(place, name, text)?,
                // The path may say again what the query says, if it is the same.
                (_, Some(field))
                    if field.place != place && field.value == kind.read(place, name, text)? =>
                {
                    continue;
                }
                (_, Some(_)) => return Err(refused(fault(place, name, "is given twice"))),
            };
            let name = known.map_or_else(|| Arc::from(name), |(name, _)| Arc::clone(name));
            fields.push(Field { place, name, value });
        }
        Ok(fields)
    }

    fn unknown(&self, place: Place, name: &str) -> FieldProblem {
        let known: Vec<_> = self.known.iter().map(|(name, _)| &**name).collect();
        let expected = if known.is_empty() {
            "no parameters".to_owned()
        } else {
            format!("one of `{}`", known.join("`, `"))
        };
        FieldProblem { expected: Some(expected), ..fault(place, name, "there is no such parameter") }
    }
}

impl Kind {
    /// What `schema` takes, following at most `depth` references.
    fn of(schema: &Value, root: &Value, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::Text };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            return target.map_or(Self::Text, |target| Self::of(target, root, depth));
        }
        let types = match schema.get("type") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match types.iter().find(|name| **name != "null") {
            Some(&"integer") => Self::Integer,
            Some(&"number") => Self::Number,
            Some(&"boolean") => Self::Boolean,
            Some(&"array") => {
                let items = schema.get("items").map_or(Self::Text, |items| Self::of(items, root, depth));
                Self::List(Box::new(items))
            }
            Some(_) => Self::Text,
            // `Option<T>`, and choices between types: text if any takes it.
            None => ["anyOf", "oneOf", "allOf"]
                .iter()
                .filter_map(|key| schema.get(key)?.as_array())
                .flatten()
                .filter(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
                .map(|choice| Self::of(choice, root, depth))
                .reduce(|one, other| if one == other { one } else { Self::Text })
                .unwrap_or(Self::Text),
        }
    }

    fn read(&self, place: Place, name: &str, text: &str) -> Result<Value, Problem> {
        let value = match self {
            Self::Text => return Ok(Value::String(text.to_owned())),
            Self::Integer if is_integer(text) => serde_json::from_str(text).ok(),
            Self::Number => serde_json::from_str(text).ok().filter(Value::is_number),
            Self::Boolean => text.parse().ok().map(Value::Bool),
            Self::Integer | Self::List(_) => None,
        };
        value.ok_or_else(|| {
            let expected = self.words();
            refused(FieldProblem {
                expected: Some(expected.to_owned()),
                found: Some(short(text).into_owned()),
                ..fault(place, name, format!("expected {expected}"))
            })
        })
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
            Self::Text => "text",
            Self::List(_) => "a list",
        }
    }
}

/// An integer as JSON writes it.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.len() <= 40
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

/// Writes `fields` to the end of the JSON object in `body`, where they do not
/// move what a parser's fault points at. `None` when `body` is no object.
pub(crate) fn append(body: &[u8], fields: &[Field]) -> Option<Vec<u8>> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body.trim_ascii_end() };
    let open = body.strip_suffix(b"}")?;
    let inside = body.trim_ascii_start().strip_prefix(b"{")?;
    let empty = inside.strip_suffix(b"}")?.trim_ascii().is_empty();
    let mut object = Vec::with_capacity(open.len() + 64 * fields.len());
    object.extend_from_slice(open);
    for (at, field) in fields.iter().enumerate() {
        if at > 0 || !empty {
            object.push(b',');
        }
        serde_json::to_writer(&mut object, &*field.name).ok()?;
        object.push(b':');
        serde_json::to_writer(&mut object, &field.value).ok()?;
    }
    object.push(b'}');
    Some(object)
}

/// The body without the fields it repeats.
///
/// # Errors
/// 400 `AW1024` when it says otherwise than the parameter.
pub(crate) fn without_repeated(body: &[u8], fields: &[Field]) -> Result<Option<Vec<u8>>, Problem> {
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(body) else { return Ok(None) };
    for field in fields {
        if object.remove(&*field.name).is_some_and(|said| said != field.value) {
            return Err(refused(fault(field.place, &field.name, "the body says otherwise")));
        }
    }
    Ok(serde_json::to_vec(&object).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Fields {
        Fields::of(Some(&json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "id": {"$ref": "#/$defs/Id"},
                "limit": {"type": ["integer", "null"]},
                "price": {"type": "number"},
                "paid": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "sizes": {"type": ["array", "null"], "items": {"$ref": "#/$defs/Size"}},
                "state": {"enum": ["open", "closed"]},
                "either": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
            },
            "$defs": {"Id": {"type": "string"}, "Size": {"type": "integer"}, "Loop": {"$ref": "#/$defs/Loop"}},
        })))
    }

    #[track_caller]
    fn check(name: &str, texts: &[&str], value: Result<Value, &str>) {
        let read = fields().read(texts.iter().map(|text| (Place::Query, name, *text)));
        let read = read.map(|fields| fields[0].value.clone()).map_err(|problem| {
            assert_eq!(problem.status(), 400);
            String::from_utf8(problem.document()).expect("text")
        });
        match (read, value) {
            (Ok(read), Ok(value)) => assert_eq!(read, value),
            (Err(document), Err(words)) => {
                assert!(document.contains("AW1024") && document.contains(words), "{document}");
            }
            (read, value) => panic!("{read:?} instead of {value:?}"),
        }
    }

    #[test]
    fn text_becomes_what_the_schema_says() {
        check("id", &["7"], Ok(json!("7")));
        check("limit", &["-7"], Ok(json!(-7)));
        check("price", &["1.5"], Ok(json!(1.5)));
        check("paid", &["true"], Ok(json!(true)));
        check("tags", &["a", "b"], Ok(json!(["a", "b"])));
        check("sizes", &["4"], Ok(json!([4])));
        check("state", &["open"], Ok(json!("open")));
        check("either", &["4"], Ok(json!("4")));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for bad in ["", "x", "1.5", "+1", "01", "--1", "1e3", " 1", "9".repeat(50).as_str()] {
            check("limit", &[bad], Err("query.limit"));
        }
        check("price", &["NaN"], Err("a number"));
        check("price", &["{}"], Err("a number"));
        check("paid", &["1"], Err("`true` or `false`"));
        check("sizes", &["1", "x"], Err("query.sizes"));
        check("id", &["1", "1"], Err("given twice"));
        check("nope", &["1"], Err("no such parameter"));
    }

    #[test]
    fn fields_are_written_behind_the_body() {
        let field = Field { place: Place::Path, name: "id".into(), value: json!("7\"") };
        let check = |body: &str, expected: Option<&str>| {
            let appended = append(body.as_bytes(), std::slice::from_ref(&field));
            assert_eq!(appended.as_deref().map(|bytes| std::str::from_utf8(bytes).expect("text")), expected);
        };
        check("", Some(r#"{"id":"7\""}"#));
        check(" { } ", Some(r#" { "id":"7\""}"#));
        check("{\"a\":1}\n", Some(r#"{"a":1,"id":"7\""}"#));
        check("{", None);
        check("}", None);
        check("[]", None);
        check("null", None);
    }

    #[test]
    fn a_body_may_repeat_a_parameter_but_not_change_it() {
        let field = Field { place: Place::Path, name: "id".into(), value: json!(7) };
        let same = without_repeated(br#"{"id":7,"a":1}"#, std::slice::from_ref(&field));
        assert_eq!(same.expect("the same"), Some(br#"{"a":1}"#.to_vec()));
        without_repeated(br#"{"id":8}"#, std::slice::from_ref(&field)).expect_err("not the same");
    }
}
