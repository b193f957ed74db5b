//! Events in: what a member of a group has to hand out, and how it ended.

use std::sync::Arc;
use std::time::Duration;

use anywise_core::{BoxFuture, Error, Incoming, Outcome, Result, Source, Tag};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::{Instant, sleep, timeout_at};

use crate::begin::{known, offsets};
use crate::config::Kafka;
use crate::error;
use crate::member::{Events, Member};
use crate::partition::{Taking, Targets};
use crate::record::Record;
use crate::sink::Sending;

/// How long the broker may take to remember what was settled, beside the time
/// for which partitions are kept back.
const COMMIT: Duration = Duration::from_secs(10);
/// How long a refused commit waits before it is tried again.
const AGAIN: Duration = Duration::from_millis(100);
/// How long leaving a group may take. One that is being joined is left when it
/// is shared out.
const LEAVE: Duration = Duration::from_secs(10);
/// How long leaving may take when no broker answers anyhow.
const ABANDON: Duration = Duration::from_millis(500);
/// How long the broker may take to say how much waits. It answers one request
/// after the other, and joining a group takes its time.
const ANSWER: Duration = Duration::from_secs(15);

/// How much is kept of a dead letter that is too large to be sent.
const CUT: usize = 1_024;

/// What is said of a dead letter.
struct Grave<'o> {
    outcome: &'static str,
    reason: &'o str,
}

impl<'o> Grave<'o> {
    fn of(outcome: &'o Outcome) -> Option<Self> {
        match outcome {
            Outcome::DeadLetter(reason) => Some(Self { outcome: "dead", reason }),
            Outcome::Park(reason) => Some(Self { outcome: "parked", reason }),
            _ => None,
        }
    }
}

/// One subscription.
pub(crate) struct KafkaSource {
    member: Arc<Member>,
    /// For what nobody could handle.
    sink: Kafka,
    dead: String,
}

impl KafkaSource {
    pub(crate) fn new(member: Arc<Member>, sink: Kafka, dead: String) -> Self {
        Self { member, sink, dead }
    }

    async fn take(&self, most: usize) -> Result<Vec<Incoming>> {
        let taking =
            Taking { reads: &self.member.reads, most: most.max(1), window: self.member.config.window };
        loop {
            let came = self.member.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if let Some(error) = self.member.lost() {
                return Err(error);
            }
            let taken = {
                let mut share = self.member.share();
                if share.consumer.is_none() {
                    return Ok(Vec::new());
                }
                share.take(&taking)
            };
            taken.errors.iter().for_each(|error| self.member.hear(error));
            if !taken.incoming.is_empty() {
                return Ok(taken.incoming);
            }
            if taken.more || !taken.errors.is_empty() {
                tokio::task::yield_now().await;
            } else {
                came.await;
            }
        }
    }

    async fn settle_all(&self, settled: Vec<(Tag, Outcome)>) -> Result<()> {
        let (ended, result) = self.bury(settled).await;
        let targets = self.note(&ended)?;
        self.confirmed(&targets).await.and(result)
    }

    /// Puts what nobody could handle where it is kept; gives back what has
    /// ended by that, and everything else.
    async fn bury(&self, settled: Vec<(Tag, Outcome)>) -> (Vec<(Tag, Outcome)>, Result<()>) {
        let (mut ended, mut dead) = (Vec::with_capacity(settled.len()), Vec::new());
        for (tag, outcome) in settled {
            match Grave::of(&outcome) {
                Some(grave) => {
                    dead.extend(self.begin_burial(tag, &grave).map(|sending| (tag, outcome, sending)));
                }
                None => ended.push((tag, outcome)),
            }
        }
        let mut result = Ok(());
        for (tag, outcome, sending) in dead {
            match self.sink.finish(sending).await {
                Ok(()) => ended.push((tag, outcome)),
                Err(error) => result = Err(error),
            }
        }
        (ended, result)
    }

    /// Nothing if the message is not this process's any more.
    fn begin_burial(&self, tag: Tag, grave: &Grave<'_>) -> Option<Sending> {
        let (incoming, place) = self.member.share().held(tag)?;
        let mut record = Record::of(self.dead.clone(), incoming.frame);
        if let Some(foreign) = incoming.foreign {
            record.key = record.key.or_else(|| foreign.key.map(Into::into));
            record.extra.push(("aw-dead-event", foreign.name));
        }
        record.extra.push(("aw-dead-outcome", grave.outcome.to_owned()));
        record.extra.push(("aw-dead-reason", grave.reason.to_owned()));
        record.extra.push(("aw-dead-from", place));
        let size = record.frame.body.len();
        if size > self.sink.most() {
            record.frame.body.truncate(CUT);
            record.extra.push(("aw-dead-size", size.to_string()));
        }
        Some(self.sink.begin(record))
    }

    /// Notes how messages ended.
    fn note(&self, ended: &[(Tag, Outcome)]) -> Result<Targets> {
        let mut share = self.member.share();
        if share.consumer.is_none() {
            return Err(self.gone());
        }
        let mut come = false;
        for (tag, outcome) in ended {
            if let Outcome::Retry(_) | Outcome::Stop = outcome {
                share.put_back(*tag);
                come = true;
            } else {
                come |= share.end(*tag);
            }
        }
        let targets = share.targets(ended.iter().map(|(tag, _)| *tag));
        drop(share);
        self.member.has_settled();
        if come {
            self.member.came.notify_one();
        }
        Ok(targets)
    }

    /// Waits until the broker remembers offsets, or the partitions are another's.
    async fn confirmed(&self, targets: &Targets) -> Result<()> {
        let until = Instant::now() + self.member.config.drain + COMMIT;
        while !self.member.share().has_told(targets) {
            if let Some(error) = self.member.lost() {
                return Err(error);
            }
            let member = Arc::clone(&self.member);
            let committing = tokio::task::spawn_blocking(move || member.commit());
            let committed = timeout_at(until, committing).await.map_err(|_| self.late())?;
            let Err(error) = committed.map_err(|_| Error::internal("a commit was cut short"))? else {
                continue;
            };
            let refused = error.rdkafka_error_code().and_then(error::refusal).is_some();
            if refused || Instant::now() > until {
                return Err(self.member.config.failed("does not take what was settled", &error));
            }
            // The group is being shared out anew, or its coordinator changes.
            sleep(AGAIN).await;
        }
        Ok(())
    }

    fn late(&self) -> Error {
        let time = self.member.config.drain + COMMIT;
        error::away(
            &self.member.config.brokers,
            "did not take what was settled",
            format_args!("within {time:?}"),
        )
    }

    fn gone(&self) -> Error {
        error::away(
            &self.member.config.brokers,
            "did not take what was settled",
            "the subscription has ended",
        )
    }

    async fn count(&self) -> Result<Option<u64>> {
        let (consumer, own) = {
            let share = self.member.share();
            (share.consumer.clone(), share.positions())
        };
        let consumer = consumer.ok_or_else(|| self.gone())?;
        let topics: Vec<_> = self.member.reads.topics.keys().cloned().collect();
        let counting = tokio::task::spawn_blocking(move || waiting(&consumer, &topics, &own));
        let count = counting.await.map_err(|_| Error::internal("counting was cut short"))?;
        count.map(Some).map_err(|error| self.member.config.failed("does not say what waits", &error))
    }
}

/// How many records of topics the group has not come past. Blocks.
fn waiting(
    consumer: &BaseConsumer<Events>,
    topics: &[String],
    own: &[(String, i32, i64)],
) -> KafkaResult<u64> {
    let mut all = TopicPartitionList::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), ANSWER)?;
        let partitions = metadata.topics().iter().flat_map(rdkafka::metadata::MetadataTopic::partitions);
        for partition in partitions {
            all.add_partition(topic, partition.id());
        }
    }
    let (ends, committed) =
        (offsets(consumer, &all, Offset::End)?, consumer.committed_offsets(all.clone(), ANSWER)?);
    let passed = |topic: &str, partition: i32| {
        let own = own.iter().find(|(name, number, _)| name == topic && *number == partition);
        let committed =
            committed.find_partition(topic, partition).and_then(|element| known(element.offset()));
        own.map(|(_, _, offset)| *offset).max(committed)
    };
    let passed: Vec<_> = ends
        .elements()
        .iter()
        .map(|end| (known(end.offset()), passed(end.topic(), end.partition())))
        .collect();
    // Where nothing is committed the group begins with the oldest record.
    let oldest = if passed.iter().all(|(_, passed)| passed.is_some()) {
        ends.clone()
    } else {
        offsets(consumer, &all, Offset::Beginning)?
    };
    let waiting = passed.iter().zip(oldest.elements()).map(|((end, passed), oldest)| {
        let from = passed.or_else(|| known(oldest.offset())).unwrap_or(0);
        end.unwrap_or(0).saturating_sub(from).max(0).unsigned_abs()
    });
    Ok(waiting.sum())
}

impl Source for KafkaSource {
    fn receive(&self, most: usize) -> BoxFuture<'_, Result<Vec<Incoming>>> {
        Box::pin(self.take(most))
    }

    fn settle(&self, settled: Vec<(Tag, Outcome)>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.settle_all(settled))
    }

    fn lag(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(self.count())
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.member.close();
        let time = if self.member.lost().is_some() { ABANDON } else { LEAVE };
        Box::pin(async move {
            let left = tokio::time::timeout(time, self.member.ended()).await;
            left.map_err(|_| {
                error::away(&self.member.config.brokers, "was not told", "leaving the group takes long")
            })
        })
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.member.close();
    }
}
