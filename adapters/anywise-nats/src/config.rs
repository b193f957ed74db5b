//! What a [`Nats`] is made with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::Nats;
use crate::names::Names;

/// Every setting, with its default.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Config {
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) names: Names,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) token: Option<String>,
    pub(crate) tls: bool,
    pub(crate) certificates: Vec<PathBuf>,
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    pub(crate) timeout: Duration,
    pub(crate) in_memory: bool,
    pub(crate) weaker: bool,
    pub(crate) replicas: Option<u8>,
    pub(crate) keep: Option<Duration>,
    pub(crate) keep_dead: Option<Duration>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) dedup: Option<Duration>,
    pub(crate) hold: Duration,
    pub(crate) unsettled: u32,
    pub(crate) replay: bool,
    pub(crate) ordered: bool,
    pub(crate) foreign: Vec<(String, String)>,
    pub(crate) version: String,
    pub(crate) serves: bool,
    pub(crate) at_a_time: usize,
    pub(crate) requests_to: Option<Vec<String>>,
    pub(crate) patience: Duration,
}

/// How long events are kept if nothing else is said: as long as an inbox
/// remembers what it has had.
pub(crate) const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a published id is recognised if nothing else is said.
pub(crate) const DEDUP: Duration = Duration::from_secs(120);

impl Config {
    pub(crate) fn of(url: String) -> Self {
        Self {
            url,
            name: "nats".to_owned(),
            names: Names::of("anywise"),
            credentials: None,
            token: None,
            tls: false,
            certificates: Vec::new(),
            identity: None,
            timeout: Duration::from_secs(5),
            in_memory: false,
            weaker: false,
            replicas: None,
            keep: None,
            keep_dead: None,
            max_bytes: None,
            dedup: None,
            hold: Duration::from_secs(30),
            unsettled: 512,
            replay: false,
            ordered: false,
            foreign: Vec::new(),
            version: "0.0.0".to_owned(),
            serves: true,
            at_a_time: 1_024,
            requests_to: None,
            patience: Duration::from_secs(10),
        }
    }

    /// The servers, without user and password.
    pub(crate) fn servers(&self) -> Vec<String> {
        self.split().map(|(scheme, _, host)| format!("{scheme}{host}")).collect()
    }

    /// The servers, as they may be shown.
    pub(crate) fn address(&self) -> String {
        self.servers().join(",")
    }

    /// The user, and the password if there is one, that stand in the URL. A user
    /// alone is a token.
    pub(crate) fn user(&self) -> Option<(String, Option<String>)> {
        let user = self.split().find_map(|(_, user, _)| user)?;
        Some(match user.split_once(':') {
            Some((user, password)) => (decoded(user), Some(decoded(password))),
            None => (decoded(user), None),
        })
    }

    /// Each server as scheme, user and host.
    fn split(&self) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
        self.url.split(',').map(|url| {
            let url = url.trim();
            let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
            match rest.rsplit_once('@') {
                Some((user, host)) => (scheme, Some(user), host),
                None => (scheme, None, rest),
            }
        })
    }

    /// Which message comes on a subject of a foreign producer.
    pub(crate) fn foreign_to(&self, subject: &str) -> Option<&str> {
        let known = self.foreign.iter().find(|(pattern, _)| matches(pattern, subject));
        known.map(|(_, name)| name.as_str())
    }
}

/// Text of a URL as it was meant.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escaped = rest.strip_prefix('%').and_then(|after| after.get(..2));
        if let Some(byte) = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            bytes.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[first.len_utf8()..];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a subject is one of a pattern's, with `*` and `>`.
fn matches(pattern: &str, subject: &str) -> bool {
    let mut words = subject.split('.');
    for part in pattern.split('.') {
        match (part, words.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (part, Some(word)) if part == word => {}
            _ => return false,
        }
    }
    words.next().is_none()
}

impl Nats {
    /// What it is called; deliveries to it are kept under this name. Default:
    /// `nats`.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with(|config| config.name = name.into())
    }

    /// What all subjects begin with; the streams are named after it. All
    /// processes of an application have the same. Default: `anywise`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.declared = Arc::default();
        self.with(|config| config.names = Names::of(prefix))
    }

    /// A file with a user's JWT and key, as `nsc` writes it. Default: none.
    #[must_use]
    pub fn credentials_file(self, path: impl Into<PathBuf>) -> Self {
        self.with(|config| config.credentials = Some(path.into()))
    }

    /// A token that the server asks for. Default: none. User and password stand
    /// in the URL.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.with(|config| config.token = Some(token.into()))
    }

    /// Refuses a server without TLS, as a `tls://` URL does. Default: TLS if the
    /// server asks for it.
    #[must_use]
    pub fn require_tls(self) -> Self {
        self.with(|config| config.tls = true)
    }

    /// A file with certificates to trust besides the system's, as PEM. Default:
    /// none.
    #[must_use]
    pub fn root_certificates(self, path: impl Into<PathBuf>) -> Self {
        self.with(|config| config.certificates.push(path.into()))
    }

    /// Files with a certificate and its key to show to the server, as PEM.
    /// Default: none.
    #[must_use]
    pub fn client_certificate(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.with(|config| config.identity = Some((certificate.into(), key.into())))
    }

    /// How long the server may take to answer: to connect, to confirm an event,
    /// to take a settlement. Default: 5 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|config| config.timeout = timeout)
    }

    /// Keeps events in the server's memory: they are gone when it ends. Needs
    /// [`accept_weaker_durability`](Self::accept_weaker_durability). Default:
    /// in files.
    #[must_use]
    pub fn in_memory(self) -> Self {
        self.with(|config| config.in_memory = true)
    }

    /// Goes on although an acknowledged event may be lost: a stream in memory,
    /// a server release that loses streams. Default: it is refused (`AW3023`).
    #[must_use]
    pub fn accept_weaker_durability(self) -> Self {
        self.with(|config| config.weaker = true)
    }

    /// On how many servers of a cluster each stream is kept. Default: what is
    /// there, 1 for a new one.
    #[must_use]
    pub fn replicas(self, servers: u8) -> Self {
        self.with(|config| config.replicas = Some(servers))
    }

    /// How long events are kept, whether all groups have had them or not.
    /// Default: what is there, 7 days for a new stream.
    #[must_use]
    pub fn keep(self, time: Duration) -> Self {
        self.with(|config| config.keep = Some(time))
    }

    /// How long dead letters are kept. Default: what is there, for ever in a
    /// new stream.
    #[must_use]
    pub fn keep_dead(self, time: Duration) -> Self {
        self.with(|config| config.keep_dead = Some(time))
    }

    /// How large the stream of the events may become, in bytes. When it is full
    /// nothing is dropped: publishing fails until there is room. Default: what
    /// is there, no limit for a new one.
    #[must_use]
    pub fn max_bytes(self, bytes: u64) -> Self {
        self.with(|config| config.max_bytes = Some(bytes))
    }

    /// How long an event that is published twice is recognised. Default: what is
    /// there, 2 minutes for a new stream.
    #[must_use]
    pub fn dedup_window(self, time: Duration) -> Self {
        self.with(|config| config.dedup = Some(time))
    }

    /// How long a process may hold an event without a sign of life before
    /// another gets it. Default: 30 s.
    #[must_use]
    pub fn ack_wait(self, time: Duration) -> Self {
        self.with(|config| config.hold = time)
    }

    /// Events of one group that may be delivered and not settled, in all its
    /// processes together. Twice what one process takes
    /// ([`ConsumePolicy::prefetch`](anywise_core::ConsumePolicy)) lets none
    /// wait for its acknowledgements. Default: 512.
    #[must_use]
    pub fn max_unsettled(self, events: u32) -> Self {
        self.with(|config| config.unsettled = events)
    }

    /// A new group begins with all events that the stream still has. Default:
    /// with those that are published from then on.
    #[must_use]
    pub fn replay(self) -> Self {
        self.with(|config| config.replay = true)
    }

    /// One process of a group gets its events at a time, the others stand by:
    /// the events of a key come in order however many processes there are. Needs
    /// a server of 2.11 or newer. Default: processes share a group's events.
    #[must_use]
    pub fn ordered(self) -> Self {
        self.with(|config| config.ordered = true)
    }

    /// Takes what comes on `subject` without any attributes for the event
    /// `name`: that of a producer that writes no CloudEvents. The subject may
    /// have wildcards; the stream takes it in, from another stream if that one
    /// has it. Default: none.
    #[must_use]
    pub fn foreign(self, subject: impl Into<String>, name: impl Into<String>) -> Self {
        self.with(|config| config.foreign.push((subject.into(), name.into())))
    }

    /// The version that the services here say they have, as three numbers.
    /// Default: `0.0.0`.
    #[must_use]
    pub fn version(self, version: impl Into<String>) -> Self {
        self.with(|config| config.version = version.into())
    }

    /// Serves no requests: the handlers here are reached in other ways alone.
    /// Default: all commands and queries that have their handler here are
    /// served.
    #[must_use]
    pub fn without_requests(self) -> Self {
        self.with(|config| config.serves = false)
    }

    /// How many requests are worked on at one time; more wait. Default: 1 024.
    #[must_use]
    pub fn requests_at_a_time(self, requests: usize) -> Self {
        self.with(|config| config.at_a_time = requests.max(1))
    }

    /// What is elsewhere: names of slices, or of messages. Start-up then refuses
    /// a message that has its handler neither here nor there. Default: every
    /// message that has none here.
    #[must_use]
    pub fn requests_to(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.with(|config| config.requests_to = Some(names))
    }

    /// How long a request may take whose sender sets no deadline. Default: 10 s.
    #[must_use]
    pub fn request_timeout(self, time: Duration) -> Self {
        self.with(|config| config.patience = time)
    }

    fn with(mut self, set: impl FnOnce(&mut Config)) -> Self {
        set(Arc::make_mut(&mut self.config));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let shown = |url: &str| Config::of(url.to_owned()).address();
        assert_eq!(shown("nats://ann:p@ss@host:4222"), "nats://host:4222");
        assert_eq!(shown("nats://a:4222, tls://token@b:4222"), "nats://a:4222,tls://b:4222");
        assert_eq!(shown("ann:secret@host"), "host");
    }

    #[test]
    fn user_and_password_are_taken_from_the_url() {
        let user = |url: &str| Config::of(url.to_owned()).user();
        let both = |user: &str, password: &str| Some((user.to_owned(), Some(password.to_owned())));
        assert_eq!(user("nats://host"), None);
        assert_eq!(user("nats://ann:p%40ss:x@host"), both("ann", "p@ss:x"));
        assert_eq!(user("nats://a:1,nats://ann:s%Z@b:2"), both("ann", "s%Z"));
        assert_eq!(user("nats://t%C3%BC@host"), Some(("tü".to_owned(), None)));
    }

    #[test]
    fn subjects_match_as_the_server_matches_them() {
        for (pattern, subject, does) in [
            ("orders.created", "orders.created", true),
            ("orders.created", "orders.created.eu", false),
            ("orders.*", "orders.created", true),
            ("orders.*", "orders", false),
            ("orders.*", "orders.created.eu", false),
            ("orders.>", "orders.created.eu", true),
            ("orders.>", "orders", false),
            ("*.created", "orders.created", true),
        ] {
            assert_eq!(matches(pattern, subject), does, "{pattern} {subject}");
        }
    }
}
