//! How one message goes over HTTP: its method, its path, and where each of its
//! fields stands. It is made from the same route and the same JSON Schema that
//! the server reads requests by.

use std::collections::BTreeMap;

use anywise_core::{Envelope, Error, JSON, Kind, MessageKind, MessageMeta, Result, TextForm};
use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use serde_json::value::RawValue;

/// What is not a letter or digit and may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where every message has a route for processes of ours.
const MESSAGES: &str = "/anywise/messages/";

/// How a message goes.
#[derive(Debug)]
pub(crate) struct Passage {
    pub(crate) meta: &'static MessageMeta,
    route: Option<Route>,
    fields: BTreeMap<String, Field>,
}

/// The route that a message names.
#[derive(Debug)]
struct Route {
    method: Method,
    path: Vec<Segment>,
    /// Whether what is not in the path is in the body.
    body: bool,
}

#[derive(Debug)]
enum Segment {
    Plain(String),
    Field(String),
}

/// A field that may stand outside of a body.
#[derive(Debug)]
struct Field {
    form: TextForm,
    required: bool,
    default: Option<Value>,
}

/// A request's parts, but for its headers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) method: Method,
    /// Path and query string.
    pub(crate) path: String,
    pub(crate) body: Option<Bytes>,
}

impl Passage {
    /// The passage of a command or query that can leave its process.
    pub(crate) fn of(meta: &'static MessageMeta) -> Option<Self> {
        if meta.kind() == MessageKind::Event {
            return None;
        }
        let schema = meta.schema()?;
        let route = meta.route().and_then(|(method, path)| Route::new(method, path));
        Some(Self { meta, route, fields: fields(&schema) })
    }

    /// Whether the message names a route.
    pub(crate) fn is_routed(&self) -> bool {
        self.route.is_some()
    }

    /// The route, for people.
    pub(crate) fn words(&self) -> String {
        match self.meta.route() {
            Some((method, path)) => format!("{method} {path}"),
            None => format!("POST {MESSAGES}{}", self.meta.wire_name()),
        }
    }

    /// The request for a message; `every` says that the server offers every
    /// message at a route for processes of ours.
    ///
    /// # Errors
    /// `AW2108`: the message cannot be written as its route wants it.
    pub(crate) fn parts(&self, envelope: &Envelope, every: bool) -> Result<Parts> {
        if !is_json(&envelope.content_type) {
            return Err(unfit(self.meta, "HTTP carries JSON: let it be the application's first codec"));
        }
        let routed = match &self.route {
            Some(route) => self.routed(route, &envelope.body),
            None => Err("it names no route, and the target does not offer every message".to_owned()),
        };
        match routed {
            Ok(parts) => Ok(parts),
            Err(_) if every => Ok(Parts {
                method: Method::POST,
                path: format!("{MESSAGES}{}", envelope.name),
                body: Some(envelope.body.clone()),
            }),
            Err(why) => Err(unfit(self.meta, &why)),
        }
    }

    fn routed(&self, route: &Route, body: &Bytes) -> Result<Parts, String> {
        let method = route.method.clone();
        if route.body && route.is_plain() {
            return Ok(Parts {
                method,
                path: self.path(route, &mut BTreeMap::new())?,
                body: Some(body.clone()),
            });
        }
        let mut members = members(body).ok_or("its fields are not those of an object")?;
        let mut path = self.path(route, &mut members)?;
        if route.body {
            let rest = serde_json::to_vec(&members).map_err(|error| error.to_string())?;
            return Ok(Parts { method, path, body: Some(rest.into()) });
        }
        self.query(&members, &mut path)?;
        Ok(Parts { method, path, body: None })
    }

    /// The path; the fields in it are taken out of `members`.
    fn path(&self, route: &Route, members: &mut BTreeMap<String, &RawValue>) -> Result<String, String> {
        let mut path = String::new();
        for segment in &route.path {
            path.push('/');
            match segment {
                Segment::Plain(text) => path.push_str(text),
                Segment::Field(name) => {
                    let value = members.remove(name).ok_or_else(|| format!("it has no field `{name}`"))?;
                    path.extend(utf8_percent_encode(&self.segment(name, value)?, SEGMENT));
                }
            }
        }
        Ok(path)
    }

    /// One field as a path segment.
    fn segment(&self, name: &str, value: &RawValue) -> Result<String, String> {
        let texts = self.texts(name, value)?;
        let [text] = &texts[..] else { return Err(format!("`{name}` is not one text, as a path wants it")) };
        match text.as_str() {
            "" => Err(format!("`{name}` is empty, and stands in the path")),
            // What lies between here and there may take it for a step.
            "." | ".." => Err(format!("`{name}` is `{text}`, and stands in the path")),
            _ => Ok(text.clone()),
        }
    }

    fn query(&self, members: &BTreeMap<String, &RawValue>, path: &mut String) -> Result<(), String> {
        let mut mark = '?';
        for (name, value) in members {
            if self.may_be_left_out(name, value) {
                continue;
            }
            let texts = self.texts(name, value)?;
            if texts.is_empty() {
                return Err(format!("`{name}` is an empty list, which a query string cannot say"));
            }
            for text in texts {
                path.push(mark);
                path.extend(utf8_percent_encode(name, QUERY));
                path.push('=');
                path.extend(utf8_percent_encode(&text, QUERY));
                mark = '&';
            }
        }
        Ok(())
    }

    /// Whether the server would fill in this value itself.
    fn may_be_left_out(&self, name: &str, value: &RawValue) -> bool {
        let Some(field) = self.fields.get(name).filter(|field| !field.required) else { return false };
        match &field.default {
            None => value.get() == "null",
            Some(default) => serde_json::from_str::<Value>(value.get()).is_ok_and(|value| value == *default),
        }
    }

    fn texts(&self, name: &str, value: &RawValue) -> Result<Vec<String>, String> {
        let form = self.fields.get(name).map_or(&TextForm::Text, |field| &field.form);
        let value = serde_json::from_str(value.get()).ok().and_then(|value| form.write(&value));
        value.ok_or_else(|| format!("`{name}` cannot be written as {} outside of a body", form.words()))
    }
}

impl Route {
    fn new(method: &str, path: &str) -> Option<Self> {
        let segments = path.strip_prefix('/')?.split('/').map(|segment| {
            match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
                Some(name) => Segment::Field(name.to_owned()),
                None => Segment::Plain(utf8_percent_encode(segment, SEGMENT).collect()),
            }
        });
        Some(Self {
            method: method.parse().ok()?,
            path: segments.collect(),
            body: matches!(method, "POST" | "PUT" | "PATCH"),
        })
    }

    /// Whether no field stands in the path.
    fn is_plain(&self) -> bool {
        self.path.iter().all(|segment| matches!(segment, Segment::Plain(_)))
    }
}

fn fields(schema: &Value) -> BTreeMap<String, Field> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let field = |(name, property): (&String, &Value)| {
        let form = TextForm::of(property, schema);
        let default = property.get("default").cloned();
        (name.clone(), Field { form, required: is_required(name), default })
    };
    properties.map(field).collect()
}

/// The members of a JSON object; `null` and nothing have none.
fn members(body: &[u8]) -> Option<BTreeMap<String, &RawValue>> {
    match body.trim_ascii() {
        b"" | b"null" => Some(BTreeMap::new()),
        body => serde_json::from_slice(body).ok(),
    }
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
}

/// `AW2108`.
pub(crate) fn unfit(meta: &MessageMeta, why: &str) -> Error {
    let message = format!("`{}` cannot be sent over HTTP as it is: {why}", meta.wire_name());
    Error::new(Kind::Internal, "AW2108", message)
}
