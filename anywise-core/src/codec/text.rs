//! A field of a message as text: how it stands in a path or a query string.
//!
//! Text has no types. What it means is said by the message's JSON Schema, so
//! that the one who writes a parameter and the one who reads it agree.

use serde_json::Value;

/// What a field takes, as far as text can be turned into it.
///
/// # Examples
/// ```
/// use anywise_core::TextForm;
/// use serde_json::json;
///
/// let schema = json!({"properties": {"id": {"$ref": "#/$defs/Id"}}, "$defs": {"Id": {"type": "integer"}}});
/// let form = TextForm::of(&schema["properties"]["id"], &schema);
/// assert_eq!(form.read("7"), Some(json!(7)));
/// assert_eq!(form.write(&json!(7)), Some(vec!["7".to_owned()]));
/// assert_eq!((form.read("x"), form.write(&json!("7"))), (None, None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextForm {
    /// A whole number, as JSON writes it.
    Integer,
    /// A number, as JSON writes it.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Text as it is; also whatever has no other form.
    Text,
    /// Any number of texts.
    List(Box<TextForm>),
}

/// How many references are followed from a field to its type.
const DEPTH: usize = 8;

impl TextForm {
    /// What `schema` takes; its references lead into `root`.
    pub fn of(schema: &Value, root: &Value) -> Self {
        Self::followed(schema, root, DEPTH)
    }

    fn followed(schema: &Value, root: &Value, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::Text };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            return target.map_or(Self::Text, |target| Self::followed(target, root, depth));
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
                let items = schema.get("items");
                let items = items.map_or(Self::Text, |items| Self::followed(items, root, depth));
                Self::List(Box::new(items))
            }
            Some(_) => Self::Text,
            // `Option<T>`, and choices between types: text if any takes it.
            None => ["anyOf", "oneOf", "allOf"]
                .iter()
                .filter_map(|key| schema.get(key)?.as_array())
                .flatten()
                .filter(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
                .map(|choice| Self::followed(choice, root, depth))
                .reduce(|one, other| if one == other { one } else { Self::Text })
                .unwrap_or(Self::Text),
        }
    }

    /// The value that one text stands for; `None` if it stands for none, and
    /// for a list, which is several texts.
    pub fn read(&self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::String(text.to_owned())),
            Self::Integer if is_integer(text) => serde_json::from_str(text).ok(),
            Self::Number => serde_json::from_str(text).ok().filter(Value::is_number),
            Self::Boolean => text.parse().ok().map(Value::Bool),
            Self::Integer | Self::List(_) => None,
        }
    }

    /// The texts that are read as `value`: one, or as many as a list has;
    /// `None` if there are no such texts.
    pub fn write(&self, value: &Value) -> Option<Vec<String>> {
        if let (Self::List(form), Value::Array(items)) = (self, value) {
            return items.iter().map(|item| form.write_one(item)).collect();
        }
        self.write_one(value).map(|text| vec![text])
    }

    fn write_one(&self, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        let same = self.read(&text).is_some_and(|read| read == *value);
        (same && !text.contains('\0')).then_some(text)
    }

    /// What it takes, in words.
    pub fn words(&self) -> &'static str {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, value: &Value, texts: Option<&[&str]>) {
        let form = TextForm::of(schema, schema);
        assert_eq!(
            form.write(value).as_deref(),
            texts.map(|texts| texts.iter().map(|&t| t.into()).collect::<Vec<String>>()).as_deref()
        );
        let Some([text]) = texts.filter(|_| !matches!(form, TextForm::List(_))) else { return };
        assert_eq!(form.read(text).as_ref(), Some(value));
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        check(&json!({"type": "integer"}), &json!(-7), Some(&["-7"]));
        check(&json!({"type": "integer"}), &json!(u64::MAX), Some(&["18446744073709551615"]));
        check(&json!({"type": ["number", "null"]}), &json!(1.5), Some(&["1.5"]));
        check(&json!({"type": "boolean"}), &json!(true), Some(&["true"]));
        check(&json!({"type": "string"}), &json!("7 & é"), Some(&["7 & é"]));
        check(&json!({"type": "array", "items": {"type": "integer"}}), &json!([1, 2]), Some(&["1", "2"]));
        check(&json!({"type": "array", "items": {"type": "integer"}}), &json!([]), Some(&[]));
    }

    #[test]
    fn what_would_be_read_as_something_else_is_not_written() {
        check(&json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}), &json!(7), None);
        check(&json!({"type": "string"}), &json!(null), None);
        check(&json!({"type": "string"}), &json!("a\0b"), None);
        check(&json!({"type": "object"}), &json!({"a": 1}), None);
        check(&json!({"type": "array", "items": {"type": "array"}}), &json!([[1]]), None);
    }
}
