//! A JSON Schema read as tables of fields, for people.
//!
//! Reads what schemars writes for Rust types (draft 2020-12) and says something
//! sensible about the rest; the raw schema is always shown beside the tables.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Deeper inline objects are left to the raw schema.
const DEEPEST: usize = 6;

/// A type in words, with links to the definitions it names.
pub(crate) type Words = Vec<Word>;

/// A piece of a type in words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    Text(String),
    /// The name of a definition in `$defs`.
    Definition(String),
}

/// One object, or one other type, with its documentation.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Table {
    /// Name of the definition or the variant; absent for the schema itself.
    pub(crate) name: Option<String>,
    pub(crate) docs: String,
    /// What it is, when it is not simply an object with fields.
    pub(crate) words: Words,
    /// Its limits, when it has words.
    pub(crate) limits: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// The alternatives of an enum whose variants carry fields.
    pub(crate) variants: Vec<Table>,
}

/// One field of an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) words: Words,
    /// Limits and the default.
    pub(crate) limits: Vec<String>,
    pub(crate) required: bool,
    pub(crate) docs: String,
}

/// The tables of a schema: itself, then its definitions.
///
/// A field without words of its own borrows those of the definition it names.
pub(crate) fn tables(schema: &Value) -> Vec<Table> {
    let definitions =
        ["$defs", "definitions"].into_iter().filter_map(|key| schema.get(key)?.as_object()).flatten();
    let mut tables = vec![table(None, schema, 0)];
    tables.extend(definitions.map(|(name, schema)| table(Some(name.clone()), schema, 0)));
    let docs: BTreeMap<_, _> =
        tables.iter().filter_map(|t| Some((t.name.clone()?, t.docs.clone()))).collect();
    for field in tables.iter_mut().flat_map(|t| &mut t.fields).filter(|f| f.docs.is_empty()) {
        if let [Word::Definition(name)] = &field.words[..] {
            field.docs = docs.get(name).cloned().unwrap_or_default();
        }
    }
    tables
}

fn table(name: Option<String>, schema: &Value, depth: usize) -> Table {
    let mut table = Table { name, docs: text(schema, "description"), ..Table::default() };
    add_fields(schema, "", depth, &mut table.fields);
    let alternatives = list(schema, "oneOf").or_else(|| list(schema, "anyOf")).unwrap_or_default();
    if depth < DEEPEST && alternatives.iter().any(|a| a.get("properties").is_some()) {
        table.variants = alternatives.iter().map(|a| self::table(variant_name(a), a, depth + 1)).collect();
    } else if table.fields.is_empty() {
        table.words = words(schema, depth);
        table.limits = schema.as_object().map(limits).unwrap_or_default();
    }
    table
}

/// The name of an enum variant: its title, or the constant that tells it from the others.
fn variant_name(schema: &Value) -> Option<String> {
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return Some(title.to_owned());
    }
    let properties = schema.get("properties")?.as_object()?;
    let tag = properties.iter().find_map(|(name, field)| Some(format!("{name} = {}", field.get("const")?)));
    tag.or_else(|| if properties.len() == 1 { properties.keys().next().cloned() } else { None })
}

fn add_fields(schema: &Value, prefix: &str, depth: usize, fields: &mut Vec<Field>) {
    if depth > DEEPEST {
        return;
    }
    for part in list(schema, "allOf").unwrap_or_default() {
        add_fields(part, prefix, depth + 1, fields);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = list(schema, "required").unwrap_or_default();
    for (name, field) in properties {
        let full = format!("{prefix}{name}");
        fields.push(Field {
            words: words(field, depth),
            limits: field.as_object().map(limits).unwrap_or_default(),
            required: required.iter().any(|r| r.as_str() == Some(name)),
            docs: text(field, "description"),
            name: full.clone(),
        });
        add_fields(field, &format!("{full}."), depth + 1, fields);
    }
}

fn words(schema: &Value, depth: usize) -> Words {
    let Some(map) = schema.as_object() else {
        return say(if schema == &Value::Bool(false) { "nothing" } else { "anything" });
    };
    if depth > DEEPEST {
        return say("…");
    }
    if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
        return match reference.rsplit_once('/') {
            Some(("#/$defs" | "#/definitions", name)) => {
                vec![Word::Definition(name.replace("~1", "/").replace("~0", "~"))]
            }
            _ if reference == "#" => say("the same again"),
            _ => say(reference),
        };
    }
    if let Some(constant) = map.get("const") {
        return say(constant.to_string());
    }
    if let Some(values) = list(schema, "enum") {
        return join(values.iter().map(|value| say(value.to_string())), " | ");
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = list(schema, key) {
            let between = if parts.iter().all(|p| p.get("const").is_some()) { " | " } else { between };
            return join(parts.iter().map(|part| words(part, depth + 1)), between);
        }
    }
    match map.get("type") {
        Some(Value::String(one)) => typed(one, map, depth),
        Some(Value::Array(many)) => {
            join(many.iter().filter_map(Value::as_str).map(|one| typed(one, map, depth)), " or ")
        }
        _ if map.contains_key("properties") => say("object"),
        _ => say("anything"),
    }
}

fn typed(name: &str, map: &Map<String, Value>, depth: usize) -> Words {
    let of = |first: &str, schema: &Value| {
        let mut out = say(first);
        out.extend(words(schema, depth + 1));
        out
    };
    match name {
        "array" => match (map.get("prefixItems").and_then(Value::as_array), map.get("items")) {
            (Some(parts), _) => {
                let mut out = say("[");
                out.extend(join(parts.iter().map(|part| words(part, depth + 1)), ", "));
                out.extend(say("]"));
                out
            }
            (None, Some(items)) if map.get("uniqueItems") == Some(&Value::Bool(true)) => of("set of ", items),
            (None, Some(items)) => of("list of ", items),
            (None, None) => say("list"),
        },
        "object" => match map.get("additionalProperties") {
            Some(values) if values.is_object() => of("map of string to ", values),
            _ => say("object"),
        },
        "null" => say("null"),
        _ => match map.get("format").and_then(Value::as_str) {
            Some(format) => say(format!("{name} ({format})")),
            None => say(name),
        },
    }
}

fn limits(map: &Map<String, Value>) -> Vec<String> {
    let unsigned = map.get("format").and_then(Value::as_str).is_some_and(|f| f.starts_with("uint"));
    [
        ("minimum", "≥ "),
        ("exclusiveMinimum", "> "),
        ("maximum", "≤ "),
        ("exclusiveMaximum", "< "),
        ("multipleOf", "multiple of "),
        ("minLength", "least length "),
        ("maxLength", "greatest length "),
        ("pattern", "matches "),
        ("minItems", "fewest items "),
        ("maxItems", "most items "),
        ("default", "default "),
    ]
    .into_iter()
    .filter_map(|(key, words)| Some((key, words, map.get(key)?)))
    .filter(|(key, _, value)| !(unsigned && *key == "minimum" && value.as_f64() == Some(0.0)))
    .map(|(_, words, value)| match value {
        Value::String(text) if words == "matches " => format!("{words}{text}"),
        other => format!("{words}{other}"),
    })
    .collect()
}

fn say(text: impl Into<String>) -> Words {
    vec![Word::Text(text.into())]
}

fn join(parts: impl Iterator<Item = Words>, between: &str) -> Words {
    let mut out = Words::new();
    for part in parts {
        if !out.is_empty() {
            out.extend(say(between));
        }
        out.extend(part);
    }
    out
}

fn text(schema: &Value, key: &str) -> String {
    schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(schema: &'a Value, key: &str) -> Option<&'a [Value]> {
    Some(schema.get(key)?.as_array()?.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plain(words: &Words) -> String {
        words
            .iter()
            .map(|word| match word {
                Word::Text(text) => text.clone(),
                Word::Definition(name) => format!("<{name}>"),
            })
            .collect()
    }

    #[test]
    fn types_are_said_in_words() {
        for (schema, expected) in [
            (json!({"type": "string", "format": "uuid"}), "string (uuid)"),
            (json!({"type": ["string", "null"]}), "string or null"),
            (json!({"$ref": "#/$defs/Line"}), "<Line>"),
            (json!({"type": "array", "items": {"$ref": "#/$defs/Line"}}), "list of <Line>"),
            (json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}), "<A> or null"),
            (json!({"enum": ["settled", "refunded"]}), "\"settled\" | \"refunded\""),
            (json!({"oneOf": [{"const": "a"}, {"const": "b"}]}), "\"a\" | \"b\""),
            (
                json!({"type": "object", "additionalProperties": {"type": "integer"}}),
                "map of string to integer",
            ),
            (json!({"type": "array", "prefixItems": [{"type": "string"}, true]}), "[string, anything]"),
            (json!(true), "anything"),
            (json!({}), "anything"),
            (json!({"$ref": "#"}), "the same again"),
        ] {
            assert_eq!(plain(&words(&schema, 0)), expected, "{schema}");
        }
    }

    #[test]
    fn fields_stand_in_the_sources_order_with_their_limits() {
        let tables = tables(&json!({
            "type": "object",
            "required": ["quantity"],
            "properties": {
                "quantity": {"type": "integer", "format": "uint32", "minimum": 0, "maximum": 99},
                "note": {"type": "string", "default": "", "description": "Free text."},
                "at": {"type": "object", "properties": {"street": {"type": "string"}}},
            },
            "$defs": {"Line": {"type": "string"}},
        }));
        let fields: Vec<_> =
            tables[0].fields.iter().map(|f| (f.name.as_str(), f.required, f.limits.join("; "))).collect();
        assert_eq!(
            fields,
            [
                ("quantity", true, "≤ 99".to_owned()),
                ("note", false, "default \"\"".to_owned()),
                ("at", false, String::new()),
                ("at.street", false, String::new()),
            ]
        );
        assert_eq!(tables[1].name.as_deref(), Some("Line"));
    }

    #[test]
    fn tagged_enums_become_variants() {
        let tables = tables(&json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "card"}, "token": {"type": "string"}}},
            {"type": "object", "properties": {"cash": {"type": "integer"}}},
        ]}));
        let names: Vec<_> = tables[0].variants.iter().map(|v| v.name.clone().unwrap_or_default()).collect();
        assert_eq!(names, ["kind = \"card\"", "cash"]);
    }

    #[test]
    fn endless_schemas_end() {
        let mut schema = json!({"type": "object"});
        for _ in 0..50 {
            schema = json!({"type": "object", "properties": {"x": schema.clone()}, "allOf": [schema], "oneOf": [{"properties": {}}]});
            if schema.to_string().len() > 200_000 {
                break;
            }
        }
        assert!(!tables(&schema).is_empty());
    }
}
