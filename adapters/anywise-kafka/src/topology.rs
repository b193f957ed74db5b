//! What must be there: which topics there are, what they are called, and
//! whether they are what was asked for.
//!
//! Topics are created if they are missing and may be; one that is there is
//! never changed. Of a group it is noted where it begins (`begin.rs`); it needs
//! no other declaration.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anywise_core::{Error, Kind, Result, Subscription, Topology};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::config::{FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientContext, TopicPartitionList};
use tokio::runtime::Handle;

use crate::begin::Marks;
use crate::config::{Config, Kafka, Layout, Missing, PARTITIONS};
use crate::connection::{HEADERS, Reports, log};
use crate::error;

/// How long the broker may take at most to answer, and to make a topic.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest name that Kafka takes.
const LONGEST: usize = 249;

impl Config {
    /// The topic of the events of a wire name.
    pub(crate) fn topic_of(&self, event: &str) -> String {
        let stem = match self.layout {
            Layout::Slice => event.rsplit_once('.').map_or(event, |(slice, _)| slice),
            Layout::Event => event,
        };
        format!("{}.{stem}", self.prefix)
    }

    /// The consumer group of a group.
    pub(crate) fn group_of(&self, group: &str) -> String {
        format!("{}.{group}", self.prefix)
    }

    /// Where the messages of a group go that nobody could handle.
    pub(crate) fn dead_of(&self, group: &str) -> String {
        format!("{}.{group}.dead", self.prefix)
    }

    /// Who publishes, as a CloudEvent says it.
    pub(crate) fn source(&self) -> String {
        format!("/{}", self.prefix)
    }
}

/// What a group reads.
pub(crate) struct Reads {
    /// Wire names of the events that are its own.
    pub(crate) events: HashSet<String>,
    /// The topics, and which event a record of it is that does not say.
    pub(crate) topics: BTreeMap<String, Option<String>>,
}

impl Reads {
    pub(crate) fn of(config: &Config, subscription: &Subscription) -> Self {
        let own = subscription.events.iter().map(|event| (config.topic_of(event), None));
        let mut topics: BTreeMap<_, _> = own.collect();
        let foreign = config.foreign.iter().filter(|(_, event)| subscription.events.contains(event));
        topics.extend(foreign.map(|(topic, event)| (topic.clone(), Some(event.clone()))));
        Self { events: subscription.events.iter().cloned().collect(), topics }
    }
}

/// A topic that must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// For events that are published here.
    Events,
    /// For what nobody could handle.
    Dead,
    /// Another program's.
    Foreign,
}

/// What must be there for an application.
#[derive(Default)]
pub(crate) struct Wanted {
    /// By name.
    topics: BTreeMap<String, Use>,
    /// Each group with the topics that it reads.
    groups: BTreeMap<String, BTreeSet<String>>,
}

impl Wanted {
    pub(crate) fn of(config: &Config, topology: &Topology) -> Self {
        let mut wanted = Self::default();
        for event in &topology.events {
            wanted.topics.insert(config.topic_of(event), Use::Events);
        }
        topology.subscriptions.iter().for_each(|subscription| wanted.add(config, subscription));
        wanted
    }

    pub(crate) fn add(&mut self, config: &Config, subscription: &Subscription) {
        for event in &subscription.events {
            self.topics.insert(config.topic_of(event), Use::Events);
        }
        self.topics.insert(config.dead_of(&subscription.group), Use::Dead);
        let reads = Reads::of(config, subscription).topics.into_keys();
        let group = self.groups.entry(config.group_of(&subscription.group)).or_default();
        for topic in reads {
            self.topics.entry(topic.clone()).or_insert(Use::Foreign);
            group.insert(topic);
        }
    }

    fn check_names(&self) -> Result<()> {
        let bad = |name: &&String| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            name.is_empty() || name.len() > LONGEST || !name.chars().all(fits)
        };
        let Some(name) = self.topics.keys().find(bad) else { return Ok(()) };
        let text = format!(
            "`{name}` cannot be the name of a topic: Kafka takes 1 to {LONGEST} letters, digits, `.`, `_` and `-`"
        );
        Err(error::unnameable(text))
    }
}

impl Kafka {
    /// Sees to it that topics are there, and are what was asked for.
    pub(crate) async fn declare(&self, wanted: Wanted) -> Result<()> {
        self.config.check()?;
        wanted.check_names()?;
        let (kafka, runtime) = (self.same(), Handle::current());
        let names: Vec<_> = wanted.topics.keys().cloned().collect();
        let declaring = tokio::task::spawn_blocking(move || {
            let (found, most) = Desk::connect(&kafka.config, runtime)?.declare(&wanted)?;
            kafka.mark(&wanted.groups, &found)?;
            Ok::<_, Error>(most)
        });
        let most = declaring.await.map_err(|_| Error::internal("declaring topics was cut short"))??;
        if let Some(most) = most {
            self.link.most.fetch_min(most, Ordering::Relaxed);
        }
        self.link.topics.write().unwrap_or_else(PoisonError::into_inner).extend(names);
        Ok(())
    }

    /// Sees to it that the topic of an event is there, which nobody declared.
    pub(crate) async fn declare_topic(&self, name: &str) -> Result<()> {
        let declaring = async {
            let _turn = self.link.declaring.lock().await;
            if self.is_declared(name) {
                return Ok(());
            }
            let mut wanted = Wanted::default();
            wanted.topics.insert(name.to_owned(), Use::Events);
            self.declare(wanted).await
        };
        let late = |_| error::away(&self.config.brokers, "does not answer", "it was asked for a topic");
        tokio::time::timeout(self.config.confirm, declaring).await.map_err(late)?
    }

    pub(crate) fn is_declared(&self, topic: &str) -> bool {
        self.link.topics.read().unwrap_or_else(PoisonError::into_inner).contains(topic)
    }

    /// A topic is not there any more.
    pub(crate) fn undeclare(&self, topic: &str) {
        self.link.topics.write().unwrap_or_else(PoisonError::into_inner).remove(topic);
    }
}

impl Kafka {
    /// Notes where the groups begin, once for each. Blocks.
    fn mark(&self, groups: &BTreeMap<String, BTreeSet<String>>, found: &BTreeMap<&str, Found>) -> Result<()> {
        if self.config.replay {
            return Ok(());
        }
        for (group, topics) in groups {
            let known = |topic: &&String| self.marked().contains(&(group.clone(), (*topic).clone()));
            let mut partitions = TopicPartitionList::new();
            for topic in topics.iter().filter(|topic| !known(topic)) {
                let count = found.get(topic.as_str()).map_or(0, |found| found.partitions);
                (0..count).for_each(|number| {
                    partitions.add_partition(topic, i32::try_from(number).expect("Kafka counts so"));
                });
            }
            if partitions.count() > 0 {
                let marking = Marks::of(&self.config, group).and_then(|marks| marks.set(&partitions));
                marking.map_err(|error| self.config.failed("does not note where a group begins", &error))?;
                self.marked().extend(topics.iter().map(|topic| (group.clone(), topic.clone())));
            }
        }
        Ok(())
    }

    fn marked(&self) -> std::sync::MutexGuard<'_, HashSet<(String, String)>> {
        self.link.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a topic that is there.
struct Found {
    partitions: usize,
    /// On how many brokers the least copied partition is kept.
    replicas: usize,
    /// Every partition can be written to.
    ready: bool,
}

/// The clients that topics are looked up and made with. Blocks.
struct Desk<'c> {
    config: &'c Config,
    runtime: Handle,
    looks: BaseConsumer<Hears>,
    makes: AdminClient<Reports>,
}

/// Remembers what the client reports while it is waited for.
#[derive(Default)]
struct Hears(Mutex<Option<KafkaError>>);

impl ClientContext for Hears {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, _: &str) {
        let mut heard = self.0.lock().expect("nobody panics with it");
        let refused = |error: &KafkaError| error.rdkafka_error_code().and_then(error::refusal).is_some();
        // A refusal says more than that all brokers are away because of it.
        if !heard.as_ref().is_some_and(refused) {
            *heard = Some(error);
        }
    }
}

impl ConsumerContext for Hears {}

impl<'c> Desk<'c> {
    fn connect(config: &'c Config, runtime: Handle) -> Result<Self> {
        let failed = |error| config.failed("cannot be set up", &error);
        let looks =
            BaseConsumer::from_config_and_context(&config.reader(), Hears::default()).map_err(failed)?;
        let makes = AdminClient::from_config_and_context(&config.client(), Reports).map_err(failed)?;
        Ok(Self { config, runtime, looks, makes })
    }

    /// Declares topics; says what is there, and the largest body that all of them
    /// take, if the broker says it.
    fn declare<'w>(&self, wanted: &'w Wanted) -> Result<(BTreeMap<&'w str, Found>, Option<usize>)> {
        let missing: Vec<_> = self.look(wanted)?.into_iter().filter(|(_, found)| found.is_none()).collect();
        if !missing.is_empty() {
            self.create(wanted, &missing.into_iter().map(|(name, _)| name).collect::<Vec<_>>())?;
        }
        let found = self.wait(wanted)?;
        self.check_partitions(wanted, &found)?;
        let limits = self.limits(wanted);
        self.check_durability(wanted, &found, &limits)?;
        let largest = limits.values().filter_map(|limit| limit.largest).min();
        Ok((found, largest.map(|largest| largest.saturating_sub(HEADERS).max(1))))
    }

    fn look<'w>(&self, wanted: &'w Wanted) -> Result<Vec<(&'w str, Option<Found>)>> {
        wanted.topics.keys().map(|name| Ok((name.as_str(), self.find(name)?))).collect()
    }

    fn find(&self, name: &str) -> Result<Option<Found>> {
        let metadata = self.looks.fetch_metadata(Some(name), ANSWER).map_err(|error| self.away(error))?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else {
            return Ok(None);
        };
        match topic.error().map(RDKafkaErrorCode::from) {
            None => {}
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                return Ok(None);
            }
            Some(RDKafkaErrorCode::LeaderNotAvailable) => {
                return Ok(Some(Found { partitions: 0, replicas: 0, ready: false }));
            }
            Some(code) => {
                let what = format!("does not show the topic `{name}`");
                return Err(self.config.failed(&what, &KafkaError::MetadataFetch(code)));
            }
        }
        let partitions = topic.partitions();
        if partitions.is_empty() {
            return Ok(None);
        }
        Ok(Some(Found {
            partitions: partitions.len(),
            replicas: partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0),
            ready: partitions.iter().all(|partition| partition.leader() >= 0),
        }))
    }

    /// Why the broker does not answer: what the client heard meanwhile says
    /// more than that time ran out.
    fn away(&self, error: KafkaError) -> Error {
        drop(self.looks.poll(Duration::from_millis(50)));
        let heard = self.looks.context().0.lock().expect("nobody panics with it").take();
        self.config.failed("does not answer", &heard.unwrap_or(error))
    }

    fn create(&self, wanted: &Wanted, missing: &[&str]) -> Result<()> {
        if self.config.missing == Missing::Refuse {
            let text = format!("the topic `{}` is not there, and is not to be created", missing[0]);
            return Err(error::refused(Kind::NotFound, text));
        }
        let topics: Vec<_> = missing.iter().map(|name| self.new_topic(name, wanted.topics[*name])).collect();
        let options = AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER));
        let made = self.runtime.block_on(self.makes.create_topics(&topics, &options));
        for result in made.map_err(|error| self.config.failed("does not create topics", &error))? {
            match result {
                Ok(name) => tracing::info!(topic = name, "topic created"),
                // Another process was faster.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    let what = format!("does not create the topic `{name}`");
                    return Err(self.config.failed(&what, &KafkaError::AdminOp(code)));
                }
            }
        }
        Ok(())
    }

    fn new_topic<'n>(&self, name: &'n str, is: Use) -> NewTopic<'n> {
        let replication = TopicReplication::Fixed(self.config.replication.map_or(-1, i32::from));
        let partitions = match is {
            Use::Dead => 1,
            Use::Events | Use::Foreign => self.config.partitions.unwrap_or(PARTITIONS),
        };
        let mut topic = NewTopic::new(name, i32::from(partitions), replication);
        if self.config.replication.is_some_and(|count| count >= 2) && !self.config.weaker {
            topic = topic.set("min.insync.replicas", "2");
        }
        if is == Use::Dead {
            // They wait for somebody to look at them.
            topic = topic.set("retention.ms", "-1");
        }
        topic
    }

    /// Waits until every topic can be written to.
    fn wait<'w>(&self, wanted: &'w Wanted) -> Result<BTreeMap<&'w str, Found>> {
        let until = Instant::now() + ANSWER;
        loop {
            let found = self.look(wanted)?;
            if found.iter().all(|(_, found)| found.as_ref().is_some_and(|found| found.ready)) {
                return Ok(found.into_iter().filter_map(|(name, found)| Some((name, found?))).collect());
            }
            if Instant::now() > until {
                let late = found.iter().find(|(_, found)| found.as_ref().is_none_or(|found| !found.ready));
                let name = late.map_or("?", |(name, _)| name);
                let why = "it has no leader, or is not made yet";
                return Err(error::away(
                    &self.config.brokers,
                    &format!("does not offer the topic `{name}`"),
                    why,
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn check_partitions(&self, wanted: &Wanted, found: &BTreeMap<&str, Found>) -> Result<()> {
        let Some(asked) = self.config.partitions else { return Ok(()) };
        let other = |(name, found): &(&&str, &Found)| {
            wanted.topics[**name] == Use::Events && found.partitions != usize::from(asked)
        };
        let Some((name, found)) = found.iter().find(other) else { return Ok(()) };
        let text = format!(
            "the topic `{name}` has {} partitions, and {asked} are asked for: say `.partitions({})`, or change the topic \
             when nothing waits in it, because with their number the order of the keys changes",
            found.partitions, found.partitions
        );
        Err(error::refused(Kind::Conflict, text))
    }

    /// What the broker says of the limits of topics; nothing if it does not.
    fn limits(&self, wanted: &Wanted) -> BTreeMap<String, Limits> {
        let own = wanted.topics.iter().filter(|(_, is)| **is != Use::Foreign);
        let own: Vec<_> = own.map(|(name, _)| ResourceSpecifier::Topic(name)).collect();
        let options = AdminOptions::new().request_timeout(Some(ANSWER));
        let described = match self.runtime.block_on(self.makes.describe_configs(&own, &options)) {
            Ok(described) => described,
            Err(error) => {
                tracing::debug!(%error, "the broker does not say how its topics are set up");
                return BTreeMap::new();
            }
        };
        let described = described.into_iter().flatten().filter_map(|topic| {
            let number = |name| topic.get(name).and_then(|entry| entry.value.as_ref()?.parse::<usize>().ok());
            let limits =
                Limits { insync: number("min.insync.replicas"), largest: number("max.message.bytes") };
            match topic.specifier {
                rdkafka::admin::OwnedResourceSpecifier::Topic(name) => Some((name, limits)),
                _ => None,
            }
        });
        described.collect()
    }

    fn check_durability(
        &self,
        wanted: &Wanted,
        found: &BTreeMap<&str, Found>,
        limits: &BTreeMap<String, Limits>,
    ) -> Result<()> {
        if self.config.weaker {
            return Ok(());
        }
        for (name, found) in found.iter().filter(|(name, _)| wanted.topics[**name] != Use::Foreign) {
            let insync = limits.get(*name).and_then(|limit| limit.insync).unwrap_or(2);
            if found.replicas < 2 || insync < 2 {
                let text = format!(
                    "the topic `{name}` has {} replicas, of which {insync} must have a record before it is confirmed: what was \
                     confirmed can be lost with one machine. Give it 2 and more (`min.insync.replicas`), or say \
                     `.accept_weaker_durability()`",
                    found.replicas
                );
                return Err(error::weak(text));
            }
        }
        Ok(())
    }
}

/// How a topic is set up, as far as the broker says.
struct Limits {
    insync: Option<usize>,
    largest: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_slice_share_a_topic_unless_it_is_said_otherwise() {
        let check = |layout, event: &str, expected: &str| {
            let kafka = Kafka::new("").prefix("shop").layout(layout);
            assert_eq!(kafka.config.topic_of(event), expected);
        };
        check(Layout::Slice, "order.OrderPaid", "shop.order");
        check(Layout::Slice, "acme.order.OrderPaid", "shop.acme.order");
        check(Layout::Slice, "Paid", "shop.Paid");
        check(Layout::Event, "order.OrderPaid", "shop.order.OrderPaid");
    }

    #[test]
    fn names_that_kafka_does_not_take_are_refused() {
        let check = |prefix: &str| {
            let kafka = Kafka::new("").prefix(prefix);
            let mut topology = Topology::of("shop");
            topology.subscriptions = vec![Subscription::new("stock", ["order.OrderPaid"])];
            Wanted::of(&kafka.config, &topology).check_names().map_err(|error| error.code().to_owned())
        };
        assert_eq!(check("shop-7_a"), Ok(()));
        for prefix in ["a b", "ü", "a/b", &"x".repeat(250)] {
            assert_eq!(check(prefix), Err("AW2022".to_owned()), "{prefix}");
        }
    }

    #[test]
    fn a_group_reads_the_topics_of_its_events_and_the_foreign_ones() {
        let kafka =
            Kafka::new("").prefix("shop").foreign("legacy", "order.OrderPaid").foreign("other", "a.B");
        let subscription =
            Subscription::new("stock", ["order.OrderPaid", "order.OrderPlaced", "payment.Settled"]);
        let reads = Reads::of(&kafka.config, &subscription);
        let topics: Vec<_> =
            reads.topics.iter().map(|(name, event)| (name.as_str(), event.as_deref())).collect();
        assert_eq!(
            topics,
            [("legacy", Some("order.OrderPaid")), ("shop.order", None), ("shop.payment", None)]
        );
    }
}
