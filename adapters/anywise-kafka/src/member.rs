//! A member of a consumer group, and the thread that keeps it one.
//!
//! The thread polls the client: partitions come and go in it. Messages do not:
//! each partition has a queue of its own, and is read when there is
//! room, so that the client fetches no more than its bound and the thread is
//! never kept from polling by what is handled slowly.
//!
//! The client finds brokers again by itself. The member is lost when no broker
//! answered for [`PATIENCE`], or when the client says that it is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anywise_core::{Error, Kind, Result};
use rdkafka::config::{FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};
use tokio::sync::{Notify, watch};

use crate::begin;
use crate::config::Config;
use crate::connection::log;
use crate::error;
use crate::partition::Share;
use crate::topology::Reads;

/// How long no broker may answer before the member is lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the thread waits for something to happen.
const TURN: Duration = Duration::from_millis(100);
/// How often the broker is told of what nobody here had to settle.
const SKIPPED: Duration = Duration::from_secs(1);
/// How long joining a group is waited for that is to be left again.
const JOIN: Duration = Duration::from_secs(8);
/// How long the client's queue is empty before nothing more is in it.
const QUIET: Duration = Duration::from_millis(5);

/// A member of a group, as long as it is one.
pub(crate) struct Member {
    pub(crate) config: Config,
    /// The consumer group.
    pub(crate) group: String,
    pub(crate) reads: Reads,
    share: Mutex<Share>,
    lost: Mutex<Option<(Kind, String)>>,
    /// No broker seems to answer.
    suspicious: AtomicBool,
    /// Nothing is to be waited for any more.
    closing: AtomicBool,
    /// It has had its first share, an empty one maybe.
    joined: AtomicBool,
    /// A callback was run.
    called: AtomicBool,
    /// There is something to receive, or a reason to stop.
    pub(crate) came: Arc<Notify>,
    /// One commit after the other, so that an offset never goes back.
    commits: Mutex<()>,
    /// Something was settled.
    settled: Condvar,
    ended: watch::Sender<bool>,
}

impl Member {
    /// Joins a group. Blocks shortly.
    pub(crate) fn join(config: Config, group: String, reads: Reads) -> Result<Arc<Self>> {
        let member = Arc::new(Self {
            config,
            group,
            reads,
            share: Mutex::default(),
            lost: Mutex::default(),
            suspicious: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            joined: AtomicBool::new(false),
            called: AtomicBool::new(false),
            came: Arc::default(),
            commits: Mutex::default(),
            settled: Condvar::new(),
            ended: watch::channel(false).0,
        });
        let failed = |error| member.config.failed("does not take a subscription", &error);
        let events = Events(Arc::clone(&member));
        let settings = member.config.consumer(&member.group);
        let consumer = BaseConsumer::from_config_and_context(&settings, events).map_err(failed)?;
        let consumer = Arc::new(consumer);
        member.share().consumer = Some(Arc::clone(&consumer));
        let topics: Vec<_> = member.reads.topics.keys().map(String::as_str).collect();
        if let Err(error) = consumer.subscribe(&topics) {
            member.share().consumer = None;
            return Err(failed(error));
        }
        member.start(consumer)?;
        Ok(member)
    }

    fn start(self: &Arc<Self>, consumer: Arc<BaseConsumer<Events>>) -> Result<()> {
        let polling = Polling { member: Arc::clone(self), consumer: Some(consumer) };
        let thread = std::thread::Builder::new().name(format!("kafka {}", self.group));
        let started = thread.spawn(move || polling.run());
        started.map(drop).map_err(|error| Error::internal(format!("no thread for a consumer: {error}")))
    }

    pub(crate) fn share(&self) -> MutexGuard<'_, Share> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing more comes, if nothing does.
    pub(crate) fn lost(&self) -> Option<Error> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let (kind, text) = lost.as_ref()?;
        Some(match kind {
            Kind::Unavailable => Error::new(*kind, "AW2020", text.clone()),
            kind => error::refused(*kind, text),
        })
    }

    fn lose(&self, kind: Kind, text: String) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((kind, text));
        self.stir();
    }

    /// Wakes whoever waits for anything.
    fn stir(&self) {
        self.came.notify_waiters();
        self.came.notify_one();
        self.settled.notify_all();
    }

    /// Something was settled: partitions that go may be waiting for it.
    pub(crate) fn has_settled(&self) {
        self.settled.notify_all();
    }

    /// Ends the membership soon.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // Whoever waits for the condition looks at `closing` under this lock.
        drop(self.share());
        self.stir();
    }

    /// Waits until the membership has ended.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as `self`.
        drop(self.ended.subscribe().wait_for(|ended| *ended).await);
    }

    /// What the client says went wrong.
    pub(crate) fn hear(&self, error: &KafkaError) {
        use RDKafkaErrorCode as Code;
        let Some(code) = error.rdkafka_error_code() else { return };
        let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_)) || code == Code::Fatal;
        if let Some(kind) = error::refusal(code) {
            self.lose(kind, self.config.failed("refuses the subscription", error).to_string());
        } else if fatal || code == Code::UnknownTopicOrPartition || code == Code::UnknownTopic {
            self.lose(Kind::Unavailable, self.config.failed("ended the subscription", error).to_string());
        } else if matches!(
            code,
            Code::AllBrokersDown
                | Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::RequestTimedOut
        ) {
            self.suspicious.store(true, Ordering::SeqCst);
        } else if matches!(code, Code::AutoOffsetReset | Code::OffsetOutOfRange) {
            tracing::error!(group = self.group, %error, "records were removed before the group had them");
        } else {
            tracing::debug!(group = self.group, %error, "the client reports an error");
        }
    }

    /// Says from where partitions are read that come; gives back those of which
    /// the broker remembers nothing yet.
    fn begin(
        &self,
        consumer: &BaseConsumer<Events>,
        list: &mut TopicPartitionList,
    ) -> Option<TopicPartitionList> {
        if self.config.replay || list.count() == 0 {
            return None;
        }
        // The list is the client's: it is changed, never replaced.
        let starts = begin::starts(&self.config, &self.group, consumer, list).and_then(|(starts, marked)| {
            for start in starts.elements().iter().filter(|start| begin::known(start.offset()).is_some()) {
                list.set_partition_offset(start.topic(), start.partition(), start.offset())?;
            }
            Ok(marked)
        });
        match starts {
            Ok(marked) => Some(marked),
            Err(error) => {
                // Read from elsewhere, something would be missing or come again.
                let text = self.config.failed("does not say where a group begins", &error).to_string();
                self.lose(Kind::Unavailable, text);
                None
            }
        }
    }

    /// Partitions come.
    fn enter(&self, list: &TopicPartitionList, marked: Option<&TopicPartitionList>) {
        let mut share = self.share();
        let Some(consumer) = share.consumer.clone() else { return };
        for element in list.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let Some(mut queue) = consumer.split_partition_queue(topic, partition) else {
                tracing::error!(group = self.group, topic, partition, "the partition has no queue");
                continue;
            };
            let came = Arc::clone(&self.came);
            queue.set_nonempty_callback(move || came.notify_one());
            share.enter(topic, partition, queue);
        }
        drop(share);
        if let Some(marked) = marked.filter(|marked| marked.count() > 0)
            && let Err(error) = consumer.commit(marked, CommitMode::Sync)
        {
            self.hear(&error);
        }
        self.joined.store(true, Ordering::SeqCst);
        self.called.store(true, Ordering::SeqCst);
        tracing::debug!(group = self.group, partitions = list.count(), "partitions came");
    }

    /// Partitions go, when what is under way in them has ended or has had its
    /// time.
    fn leave(&self, consumer: &BaseConsumer<Events>, list: &TopicPartitionList) {
        let mut share = self.share();
        let numbers = share.numbers_of(list);
        share.leaving(&numbers);
        let taken = consumer.assignment_lost();
        if !taken {
            share = self.drain(share, &numbers);
        }
        drop(share);
        self.give_up(consumer, &numbers, !taken);
        self.called.store(true, Ordering::SeqCst);
        tracing::debug!(group = self.group, partitions = list.count(), lost = taken, "partitions went");
    }

    fn drain<'m>(&self, share: MutexGuard<'m, Share>, numbers: &[u64]) -> MutexGuard<'m, Share> {
        let under_way = |share: &mut Share| {
            share.under_way(numbers) > 0 && !self.closing.load(Ordering::SeqCst) && self.lost().is_none()
        };
        let drained = self.settled.wait_timeout_while(share, self.config.drain, under_way);
        drained.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Has the broker remember what has ended. Blocks until it does.
    pub(crate) fn commit(&self) -> KafkaResult<()> {
        let _turn = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let share = self.share();
        let (consumer, offsets) = (share.consumer.clone(), share.untold());
        drop(share);
        let Some(consumer) = consumer.filter(|_| offsets.count() > 0) else { return Ok(()) };
        consumer.commit(&offsets, CommitMode::Sync)?;
        self.share().told(&offsets);
        Ok(())
    }

    /// Gives up partitions, and has the broker remember what has ended in them.
    fn give_up(&self, consumer: &BaseConsumer<Events>, numbers: &[u64], tell: bool) {
        let _turn = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let offsets = self.share().leave(numbers);
        if !tell || offsets.count() == 0 {
            return;
        }
        if let Err(error) = consumer.commit(&offsets, CommitMode::Sync) {
            tracing::debug!(group = self.group, %error, "the last commit failed; what it concerns comes again");
        }
    }

    /// Gives up the partitions, whatever is under way in them.
    fn end(&self, consumer: &BaseConsumer<Events>) {
        let mut share = self.share();
        share.consumer = None;
        let all = share.all();
        drop(share);
        self.give_up(consumer, &all, self.lost().is_none());
        self.stir();
    }
}

/// What the client calls.
pub(crate) struct Events(Arc<Member>);

impl ClientContext for Events {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
        self.0.hear(&error);
    }
}

impl ConsumerContext for Events {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, error: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let comes = error == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let marked = if comes {
            self.0.begin(consumer, list)
        } else {
            self.0.leave(consumer, list);
            None
        };
        let result = match (comes, cooperative) {
            (true, true) => consumer.incremental_assign(list),
            (true, false) => consumer.assign(list),
            (false, true) => consumer.incremental_unassign(list),
            (false, false) => consumer.unassign(),
        };
        if let Err(error) = result {
            self.0.lose(
                Kind::Unavailable,
                self.0.config.failed("does not share out its partitions", &error).to_string(),
            );
        }
        if comes {
            self.0.enter(list, marked.as_ref());
        }
    }
}

/// The thread of a member.
struct Polling {
    member: Arc<Member>,
    consumer: Option<Arc<BaseConsumer<Events>>>,
}

impl Polling {
    fn run(self) {
        let Some(consumer) = &self.consumer else { return };
        let (mut told, mut silent) = (Instant::now(), None);
        while !self.member.closing.load(Ordering::SeqCst) {
            self.turn(consumer, TURN);
            if self.member.called.swap(false, Ordering::SeqCst) {
                self.settle_in(consumer);
            }
            if told.elapsed() > SKIPPED {
                told = Instant::now();
                self.commit();
            }
            if self.member.suspicious.load(Ordering::SeqCst) {
                self.look(consumer, &mut silent);
            }
        }
        self.finish_joining(consumer);
    }

    /// Waits until the group that is being joined has been shared out. The broker
    /// answers to leaving no sooner anyhow, and not every broker forgets a member
    /// that leaves before it has joined.
    fn finish_joining(&self, consumer: &Arc<BaseConsumer<Events>>) {
        let until = Instant::now() + JOIN;
        while !self.member.joined.load(Ordering::SeqCst)
            && !self.member.suspicious.load(Ordering::SeqCst)
            && self.member.lost().is_none()
            && Instant::now() < until
        {
            self.turn(consumer, TURN);
        }
    }

    /// Serves the client once; true if nothing happened.
    fn turn(&self, consumer: &Arc<BaseConsumer<Events>>, time: Duration) -> bool {
        match consumer.poll(time) {
            None => true,
            Some(Ok(message)) => {
                self.member.share().early(&self.member.reads, &message);
                false
            }
            Some(Err(error)) => {
                self.member.hear(&error);
                false
            }
        }
    }

    /// Takes what the client had fetched before partitions had their own queues,
    /// then has these read.
    fn settle_in(&self, consumer: &Arc<BaseConsumer<Events>>) {
        loop {
            let quiet = self.turn(consumer, QUIET);
            if quiet && !self.member.called.swap(false, Ordering::SeqCst) {
                break;
            }
        }
        self.member.share().all_ready();
        self.member.came.notify_one();
    }

    fn commit(&self) {
        if let Err(error) = self.member.commit() {
            self.member.hear(&error);
        }
    }

    /// Looks whether any broker answers.
    fn look(&self, consumer: &Arc<BaseConsumer<Events>>, silent: &mut Option<Instant>) {
        let topic = self.member.reads.topics.keys().next().map(String::as_str);
        match consumer.fetch_metadata(topic, Duration::from_secs(1)) {
            Ok(_) => {
                *silent = None;
                self.member.suspicious.store(false, Ordering::SeqCst);
            }
            Err(error) if silent.get_or_insert_with(Instant::now).elapsed() > PATIENCE => {
                let text = error::away(&self.member.config.brokers, "does not answer", error).to_string();
                self.member.lose(Kind::Unavailable, text);
            }
            Err(_) => {}
        }
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.member.lose(Kind::Unavailable, "the consumer's thread has panicked".to_owned());
        }
        if let Some(consumer) = self.consumer.take() {
            self.member.end(&consumer);
            // The last of its owners: now it leaves the group.
            drop(consumer);
        }
        self.member.ended.send_replace(true);
    }
}
