//! Pages about what waits in a running application's store, and what it gave up.
//!
//! Unlike the rest of this crate they are written from live data, for each
//! request anew. This module is given that data and writes it; who may ask, and
//! what becomes of the forms, is the server's business.

use std::fmt::{self, Display};

use anywise_core::catalog::Catalog;
use anywise_core::{DeadLetter, DeadLetterId, Depth, Principal, TraceContext};
use serde_json::{Value, json};

use crate::{
    lookup::Lookup,
    view::{self, View},
};

/// Headers whose values are nobody's business, in lower case.
const SECRET: [&str; 6] =
    ["authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key", "x-auth-token"];

/// Writes the operations pages of one application.
///
/// They are served at `operations` and `operations/{id}` beside a
/// [`Site`](crate::Site), whose style they share. Their forms are posted to
/// `operations/{id}/replay` and `operations/{id}/discard` with the field `token`
/// and, for a replay with another body, `body`. Everything in them is escaped.
///
/// # Examples
/// ```
/// use anywise_core::catalog::Catalog;
/// use anywise_docs::{Operations, Waiting};
///
/// let catalog = Catalog::default(); // in an application: `app.catalog()`
/// let page = Operations::new(&catalog, "a secret of this process").overview(&Waiting::default());
/// assert!(page.contains("Nothing waits"));
/// ```
#[derive(Clone, Debug)]
pub struct Operations<'a> {
    catalog: &'a Catalog,
    token: &'a str,
    notice: Option<Notice>,
}

/// What waits, and what was given up.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made with `..Waiting::default()`")]
pub struct Waiting {
    /// The store's name; none without a store.
    pub store: Option<String>,
    /// By target.
    pub depths: Vec<Depth>,
    /// Open dead letters, newest first.
    pub letters: Vec<DeadLetter>,
    /// There are more before this one.
    pub more: Option<DeadLetterId>,
}

/// What the form that led to a page has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A dead letter is a delivery again.
    Replayed(DeadLetterId),
    /// A dead letter was given up for good.
    Discarded(DeadLetterId),
    /// There is no such open dead letter (any more).
    Gone(DeadLetterId),
    /// The new body of a dead letter is not JSON.
    NotJson(DeadLetterId),
}

impl Notice {
    /// The dead letter it is about.
    pub fn id(&self) -> DeadLetterId {
        match *self {
            Self::Replayed(id) | Self::Discarded(id) | Self::Gone(id) | Self::NotJson(id) => id,
        }
    }
}

impl Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replayed(id) => write!(f, "Dead letter {id} is a delivery again."),
            Self::Discarded(id) => write!(f, "Dead letter {id} was given up for good."),
            Self::Gone(id) => write!(f, "There is no open dead letter {id}: somebody else was faster."),
            Self::NotJson(id) => {
                write!(f, "Dead letter {id} was left as it is: what was to become its body is not JSON.")
            }
        }
    }
}

impl<'a> Operations<'a> {
    /// The only difference from [`Site::CONTENT_SECURITY_POLICY`]: forms may be
    /// sent to where the page came from.
    ///
    /// [`Site::CONTENT_SECURITY_POLICY`]: crate::Site::CONTENT_SECURITY_POLICY
    pub const CONTENT_SECURITY_POLICY: &'static str =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// Pages about an application, whose forms carry `token`.
    pub fn new(catalog: &'a Catalog, token: &'a str) -> Self {
        Self { catalog, token, notice: None }
    }

    /// Begins the page with what has just been done.
    #[must_use]
    pub fn notice(mut self, notice: Option<Notice>) -> Self {
        self.notice = notice;
        self
    }

    /// What waits, and the dead letters: the page `operations`.
    pub fn overview(&self, waiting: &Waiting) -> String {
        let lookup = Lookup::new(self.catalog, "html");
        view::operations(at(&lookup, ""), waiting, self.notice)
    }

    /// One dead letter with everything known of it: the page `operations/{id}`.
    pub fn dead_letter(&self, letter: &DeadLetter) -> String {
        let lookup = Lookup::new(self.catalog, "html");
        view::dead_letter(at(&lookup, "../"), letter, self.token, self.notice)
    }
}

fn at<'a>(lookup: &'a Lookup<'a>, root: &'static str) -> View<'a> {
    View { lookup, root, source_base: None, live: true }
}

impl Waiting {
    /// The same as JSON, without the bodies of the dead letters.
    pub fn json(&self) -> Value {
        let letters: Vec<_> = self.letters.iter().map(outline).collect();
        json!({
            "store": self.store,
            "depth": self.depths.iter().map(depth).collect::<Vec<_>>(),
            "dead_letters": letters,
            "more_before": self.more.map(|id| id.0),
        })
    }
}

/// One dead letter as JSON, with everything known of it but secret headers.
///
/// The body is text where it is UTF-8, hexadecimal digits otherwise.
pub fn dead_letter_json(letter: &DeadLetter) -> Value {
    let mut whole = outline(letter);
    let envelope = &letter.envelope;
    let headers = envelope.headers.iter().map(|(name, value)| (name, Value::from(shown(name, value))));
    whole["headers"] = headers.map(|(name, value)| (name.to_owned(), value)).collect();
    whole["correlation_id"] = json!(envelope.correlation_id);
    whole["causation_id"] = json!(envelope.causation_id);
    whole["trace"] = json!(envelope.trace.as_ref().map(TraceContext::parent));
    whole["principal"] = json!(envelope.principal.as_ref().map(Principal::id));
    whole["content_type"] = json!(envelope.content_type);
    whole["failures"] = json!(letter.failures);
    match std::str::from_utf8(&envelope.body) {
        Ok(text) => whole["body"] = json!(text),
        Err(_) => whole["body_hex"] = json!(hex(&envelope.body)),
    }
    whole
}

fn depth(depth: &Depth) -> Value {
    json!({
        "target": depth.target,
        "ready": depth.ready,
        "scheduled": depth.scheduled,
        "retrying": depth.retrying,
        "claimed": depth.claimed,
        "blocked": depth.blocked,
        "dead": depth.dead,
        "oldest_ms": u64::try_from(depth.oldest.as_millis()).unwrap_or(u64::MAX),
    })
}

fn outline(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id.0,
        "target": letter.target,
        "message": letter.envelope.name,
        "message_id": letter.envelope.id,
        "version": letter.envelope.version,
        "key": letter.envelope.key,
        "reason": letter.reason,
        "state": letter.state.name(),
        "parked": letter.parked,
        "at": letter.at,
        "attempts": letter.attempts,
        "losses": letter.losses,
        "replays": letter.replays,
    })
}

/// What may be shown of a header's value.
pub(crate) fn shown<'v>(name: &str, value: &'v str) -> &'v str {
    if SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret)) { "(hidden)" } else { value }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
