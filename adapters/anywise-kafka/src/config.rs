//! What a program says of its Kafka: where it is, what is called how, how much
//! is buffered, and which guarantees are asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::Link;

/// Events between processes over Kafka.
///
/// Nothing is connected to before the application is built.
///
/// # Examples
/// ```
/// use anywise_core::App;
/// use anywise_kafka::Kafka;
///
/// let kafka = Kafka::new("kafka-1:9092,kafka-2:9092").prefix("shop").partitions(12);
/// let app = App::builder().transport(kafka);
/// ```
pub struct Kafka {
    pub(crate) config: Config,
    pub(crate) link: Arc<Link>,
}

/// Which events share a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Those of one slice: `<prefix>.<slice>`, the wire name up to its last dot.
    /// The events of one key keep their order among all types of the slice.
    #[default]
    Slice,
    /// Those of one type: `<prefix>.<wire name>`. A group reads nothing that it
    /// does not listen to; order is kept within a type alone.
    Event,
}

/// What becomes of topics that are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// They are created.
    #[default]
    Create,
    /// The application does not start: somebody else creates them.
    Refuse,
}

/// How the partitions are shared out in a group. All processes of a group must
/// say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Balance {
    /// What need not move stays where it is, and goes on meanwhile.
    #[default]
    CooperativeSticky,
    /// Neighbouring partitions go together; everything stops while they move.
    Range,
    /// One after the other; everything stops while they move.
    RoundRobin,
}

/// How batches are compressed on their way to the broker and on its disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// With LZ4: little work, for bodies of text.
    Lz4,
    /// With Snappy.
    Snappy,
    /// With gzip: most work, smallest.
    Gzip,
}

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) brokers: String,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) layout: Layout,
    pub(crate) missing: Missing,
    pub(crate) partitions: Option<u16>,
    pub(crate) replication: Option<u16>,
    pub(crate) weaker: bool,
    pub(crate) replay: bool,
    pub(crate) foreign: BTreeMap<String, String>,
    pub(crate) balance: Balance,
    pub(crate) instance: Option<String>,
    pub(crate) session: Duration,
    pub(crate) drain: Duration,
    pub(crate) confirm: Duration,
    pub(crate) linger: Duration,
    pub(crate) compression: Compression,
    pub(crate) max_size: usize,
    pub(crate) window: usize,
    pub(crate) send_buffer: usize,
    pub(crate) receive_buffer: usize,
    pub(crate) properties: BTreeMap<String, String>,
}

/// Partitions of a topic that is created, unless something else is said.
pub(crate) const PARTITIONS: u16 = 12;

impl Kafka {
    /// Kafka at `brokers`: `host:port`, several of them with commas between.
    pub fn new(brokers: impl Into<String>) -> Self {
        let brokers: String = brokers.into();
        let brokers = brokers.strip_prefix("kafka://").map_or(brokers.as_str(), |rest| rest).to_owned();
        let config = Config {
            brokers,
            name: "kafka".to_owned(),
            prefix: "anywise".to_owned(),
            layout: Layout::default(),
            missing: Missing::default(),
            partitions: None,
            replication: None,
            weaker: false,
            replay: false,
            foreign: BTreeMap::new(),
            balance: Balance::default(),
            instance: None,
            session: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            confirm: Duration::from_secs(10),
            linger: Duration::ZERO,
            compression: Compression::default(),
            max_size: 1_000_000,
            window: 10_000,
            send_buffer: 64 * 1024 * 1024,
            receive_buffer: 8 * 1024 * 1024,
            properties: BTreeMap::new(),
        };
        Self { config, link: Arc::new(Link::new()) }
    }

    /// What it is called in an application that has several transports;
    /// deliveries to it are kept under this name. Default: `kafka`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.config.name = name.into();
        self
    }

    /// What the names of its topics and groups begin with. Default: `anywise`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.config.prefix = prefix.into();
        self
    }

    /// Which events share a topic; the same for all processes that publish and
    /// listen. Default: those of one slice.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.config.layout = layout;
        self
    }

    /// What becomes of topics that are not there. Default: they are created.
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.config.missing = missing;
        self
    }

    /// How many partitions its topics have: at most so many processes of a
    /// group get events. A topic that has another number is an error, because
    /// with the number the order of the keys changes. Default: topics are created
    /// with 12, and others are taken as they are.
    #[must_use]
    pub fn partitions(mut self, count: u16) -> Self {
        self.config.partitions = Some(count.max(1));
        self
    }

    /// On how many brokers a topic that is created is kept. Default: as the
    /// broker is set up (`default.replication.factor`).
    #[must_use]
    pub fn replication(mut self, count: u16) -> Self {
        self.config.replication = Some(count.max(1));
        self
    }

    /// Accepts topics that are kept on one broker, or of which one replica is
    /// enough to confirm (`min.insync.replicas` below 2): what was confirmed is
    /// then lost with that broker's machine. Default: such topics are refused
    /// (`AW3023`).
    #[must_use]
    pub fn accept_weaker_durability(mut self) -> Self {
        self.config.weaker = true;
        self
    }

    /// A group that is new begins with the oldest record that its topics still
    /// have. Default: with what is published after it was first declared.
    #[must_use]
    pub fn replay(mut self) -> Self {
        self.config.replay = true;
        self
    }

    /// Takes what other programs write to `topic`, without the attributes of
    /// CloudEvents, for events of the wire name `event`. The topic's name is
    /// taken as it is, without the prefix; several topics may be one event.
    /// Default: none.
    #[must_use]
    pub fn foreign(mut self, topic: impl Into<String>, event: impl Into<String>) -> Self {
        self.config.foreign.insert(topic.into(), event.into());
        self
    }

    /// How the partitions are shared out in a group. Default: what need not
    /// move stays (`cooperative-sticky`).
    #[must_use]
    pub fn balance(mut self, balance: Balance) -> Self {
        self.config.balance = balance;
        self
    }

    /// Makes this process a static member of its groups, under a name that no
    /// other process has, such as the name of its pod. When it is restarted
    /// within the [`session`](Self::session) nothing moves; when it is stopped
    /// its share waits as long. Default: none, and a process that stops gives
    /// its share to others at once.
    #[must_use]
    pub fn instance(mut self, id: impl Into<String>) -> Self {
        self.config.instance = Some(id.into());
        self
    }

    /// How long the broker does not hear of a process before its share goes to
    /// others. Default: 10 s. Brokers take 6 s and more unless told otherwise.
    #[must_use]
    pub fn session(mut self, time: Duration) -> Self {
        self.config.session = time;
        self
    }

    /// How long partitions that go to another process are kept back for what is
    /// under way in them. What takes longer is handled again over there.
    /// Default: 10 s.
    #[must_use]
    pub fn drain(mut self, time: Duration) -> Self {
        self.config.drain = time;
        self
    }

    /// How long a send tries before it fails with `AW2020`; short absences of a
    /// broker are bridged by it. Default: 10 s.
    #[must_use]
    pub fn confirm_within(mut self, time: Duration) -> Self {
        self.config.confirm = time;
        self
    }

    /// How long an event waits for others to travel with. Default: not at all;
    /// those that come while a batch is under way travel together anyhow.
    #[must_use]
    pub fn linger(mut self, time: Duration) -> Self {
        self.config.linger = time;
        self
    }

    /// How batches are compressed. Default: not at all.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.config.compression = compression;
        self
    }

    /// The largest body that is sent, in bytes; less if a topic takes less. Its
    /// headers may have 48 000 bytes more. Default: 1 000 000, what a broker
    /// takes that was told nothing.
    #[must_use]
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.config.max_size = bytes;
        self
    }

    /// How far a partition is read past its oldest message that is not settled.
    /// At most so many messages of a partition come twice after a crash.
    /// Default: 10 000.
    #[must_use]
    pub fn window(mut self, messages: usize) -> Self {
        self.config.window = messages.max(1);
        self
    }

    /// How many bytes of events wait in this process to be confirmed; who sends
    /// more waits. Default: 64 MiB.
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.config.send_buffer = bytes;
        self
    }

    /// How many bytes of a partition are fetched ahead of what is handled.
    /// Default: 8 MiB.
    #[must_use]
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.config.receive_buffer = bytes;
        self
    }

    /// Sets a property of librdkafka, such as `security.protocol` or
    /// `sasl.password`. Those that the guarantees rest on cannot be set; then
    /// the application does not start. Values are never shown.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.properties.insert(name.into(), value.into());
        self
    }
}

impl Kafka {
    /// The same one, for a part of it: it sends through the same producer.
    pub(crate) fn same(&self) -> Self {
        Self { config: self.config.clone(), link: Arc::clone(&self.link) }
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("name", &self.config.name)
            .field("brokers", &self.config.brokers)
            .field("prefix", &self.config.prefix)
            .field("properties", &self.config.properties.keys())
            .finish_non_exhaustive()
    }
}

impl Balance {
    pub(crate) const fn strategy(self) -> &'static str {
        match self {
            Self::CooperativeSticky => "cooperative-sticky",
            Self::Range => "range",
            Self::RoundRobin => "roundrobin",
        }
    }
}

impl Compression {
    pub(crate) const fn codec(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Snappy => "snappy",
            Self::Gzip => "gzip",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kafka;

    #[test]
    fn secrets_are_not_shown() {
        let kafka = Kafka::new("kafka://a:1,b:2").property("sasl.password", "hunter2");
        let shown = format!("{kafka:?}");
        assert!(shown.contains("a:1,b:2") && shown.contains("sasl.password"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
