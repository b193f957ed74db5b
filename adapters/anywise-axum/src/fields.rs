//! Path and query parameters as fields of a message.
//!
//! A parameter is text; what it means is said by the message's JSON Schema.
//! The fields are written into the JSON object of the body, so that the one
//! reader in core judges all of them.

use std::sync::Arc;

use anywise_core::TextForm;
use serde_json::{Map, Value};

use crate::problem::{FieldProblem, Problem, short};

/// The fields of a message type.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    known: Vec<(Arc<str>, TextForm)>,
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
            .map(|(name, schema)| (Arc::from(name.as_str()), TextForm::of(schema, root)))
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
            let form = match known {
                Some((_, form)) => form,
                None if self.open => &TextForm::Text,
                None => return Err(refused(self.unknown(place, name))),
            };
            let earlier = fields.iter_mut().find(|field| *field.name == *name);
            let value = match (form, earlier) {
                (TextForm::List(form), Some(Field { value: Value::Array(items), .. })) => {
                    items.push(read(form, place, name, text)?);
                    continue;
                }
                (TextForm::List(form), None) => Value::Array(vec![read(form, place, name, text)?]),
                (_, None) => read(form, place, name, text)?,
                // The path may say again what the query says, if it is the same.
                (_, Some(field)) if field.place != place && field.value == read(form, place, name, text)? => {
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

/// The value of one parameter.
fn read(form: &TextForm, place: Place, name: &str, text: &str) -> Result<Value, Problem> {
    form.read(text).ok_or_else(|| {
        let expected = form.words();
        refused(FieldProblem {
            expected: Some(expected.to_owned()),
            found: Some(short(text).into_owned()),
            ..fault(place, name, format!("expected {expected}"))
        })
    })
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
