//! The partitions that a member of a group has, and what is under way in each.
//!
//! Nothing here waits: it is used under a lock, by the member's thread when
//! partitions come and go, and by who receives and settles.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{Incoming, Tag};
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Message as _, Offset, TopicPartitionList};

use crate::member::Events;
use crate::record::{self, Read};
use crate::topology::Reads;

/// What a member has of its group.
#[derive(Default)]
pub(crate) struct Share {
    /// Nothing when the membership has ended.
    pub(crate) consumer: Option<Arc<BaseConsumer<Events>>>,
    /// By number. A partition that goes and comes back has another number, so
    /// that tags of its first stay mean nothing in its second.
    parts: BTreeMap<u64, Part>,
    numbers: u64,
    /// The number that was served last.
    turn: u64,
}

/// A partition that a member has.
struct Part {
    topic: String,
    partition: i32,
    queue: PartitionQueue<Events>,
    /// What came before the partition had its own queue.
    early: VecDeque<(i64, Option<Incoming>)>,
    /// What came early is all there.
    ready: bool,
    /// It is about to go to another member.
    leaving: bool,
    tracker: crate::tracker::Tracker<Incoming>,
    /// The broker was asked to remember this offset, or will be no more.
    asked: i64,
    /// The broker remembers at least this offset.
    committed: i64,
    failed: Option<RDKafkaErrorCode>,
    /// It is read no further until something of it is settled.
    full: bool,
}

/// How much is taken, and from where.
pub(crate) struct Taking<'t> {
    pub(crate) reads: &'t Reads,
    pub(crate) most: usize,
    pub(crate) window: usize,
}

/// What was taken.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) incoming: Vec<Incoming>,
    /// There may be more, and it was not looked at, so that others may run.
    pub(crate) more: bool,
    pub(crate) errors: Vec<KafkaError>,
}

/// Offsets that are waited for: the number of a partition, and what the broker
/// has to remember of it.
pub(crate) type Targets = Vec<(u64, i64)>;

/// How far it is with what is waited for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The broker remembers it all, or it is not this member's any more.
    Done,
    Waiting,
    /// The broker refused; it may take it later.
    Failed(RDKafkaErrorCode),
}

fn tag(number: u64, offset: i64) -> Tag {
    Tag::from(number) << 64 | Tag::from(offset.cast_unsigned())
}

fn number(tag: Tag) -> u64 {
    u64::try_from(tag >> 64).expect("the upper half of the bits")
}

fn offset(tag: Tag) -> i64 {
    u64::try_from(tag & Tag::from(u64::MAX)).expect("the lower half of the bits").cast_signed()
}

impl Share {
    /// A partition comes.
    pub(crate) fn enter(&mut self, topic: &str, partition: i32, queue: PartitionQueue<Events>) {
        self.numbers += 1;
        let part = Part {
            topic: topic.to_owned(),
            partition,
            queue,
            early: VecDeque::new(),
            ready: false,
            leaving: false,
            tracker: crate::tracker::Tracker::default(),
            asked: i64::MIN,
            committed: i64::MIN,
            failed: None,
            full: false,
        };
        self.parts.insert(self.numbers, part);
    }

    /// Nothing more comes but through the queues of the partitions.
    pub(crate) fn all_ready(&mut self) {
        self.parts.values_mut().for_each(|part| part.ready = true);
    }

    /// Keeps what came for a partition outside of its queue.
    pub(crate) fn early(&mut self, reads: &Reads, message: &BorrowedMessage<'_>) {
        let Some(number) = self.number_of(message.topic(), message.partition()) else { return };
        let read = read(reads, number, message);
        if let Some(part) = self.parts.get_mut(&number) {
            part.early.push_back((message.offset(), read));
        }
    }

    /// Takes what there is, a partition after the other.
    pub(crate) fn take(&mut self, taking: &Taking<'_>) -> Taken {
        let mut taken = Taken::default();
        // Records of others are looked at too: not too many at a time.
        let mut looks = taking.most.saturating_mul(4).saturating_add(256);
        let after = self.parts.range(self.turn.saturating_add(1)..).map(|(number, _)| *number);
        let order: Vec<_> = after.chain(self.parts.range(..=self.turn).map(|(number, _)| *number)).collect();
        for number in order {
            if let Some(part) = self.parts.get_mut(&number).filter(|part| part.ready && !part.leaving) {
                part.take(number, taking, &mut looks, &mut taken);
                self.turn = number;
            }
            if taken.incoming.len() >= taking.most || looks == 0 {
                break;
            }
        }
        taken.more = looks == 0;
        taken
    }

    /// A message has ended; says whether its partition can be read on.
    pub(crate) fn end(&mut self, tag: Tag) -> bool {
        let Some(part) = self.parts.get_mut(&number(tag)) else { return false };
        part.tracker.end(offset(tag));
        std::mem::take(&mut part.full)
    }

    /// A message is to be received again.
    pub(crate) fn put_back(&mut self, tag: Tag) {
        if let Some(part) = self.parts.get_mut(&number(tag)) {
            part.tracker.put_back(offset(tag));
        }
    }

    /// A message that is held, and where it lies.
    pub(crate) fn held(&mut self, tag: Tag) -> Option<(Incoming, String)> {
        let part = self.parts.get_mut(&number(tag))?;
        let incoming = part.tracker.kept(offset(tag))?.clone();
        Some((incoming, format!("{}/{}/{}", part.topic, part.partition, offset(tag))))
    }

    /// What the broker has to remember before these are settled.
    pub(crate) fn targets(&self, tags: impl Iterator<Item = Tag>) -> Targets {
        let mut targets = Targets::new();
        for number in tags.map(number) {
            if targets.iter().any(|(known, _)| *known == number) {
                continue;
            }
            let part = self.parts.get(&number);
            let done = part.and_then(|part| part.tracker.done().filter(|done| part.moved(*done)));
            targets.extend(done.map(|done| (number, done)));
        }
        targets
    }

    pub(crate) fn progress(&self, targets: &Targets) -> Progress {
        let mut progress = Progress::Done;
        for (number, target) in targets {
            let Some(part) = self.parts.get(number).filter(|part| part.committed < *target) else { continue };
            match part.failed {
                Some(code) => return Progress::Failed(code),
                None => progress = Progress::Waiting,
            }
        }
        progress
    }

    /// Asks the broker to remember what has ended since it was last asked.
    pub(crate) fn commit(&mut self) -> KafkaResult<()> {
        let Some(consumer) = self.consumer.clone() else { return Ok(()) };
        let mut offsets = TopicPartitionList::new();
        for part in self.parts.values_mut() {
            if let Some(done) = part.tracker.done().filter(|done| *done > part.asked && part.moved(*done)) {
                offsets.add_partition_offset(&part.topic, part.partition, Offset::Offset(done))?;
                (part.asked, part.failed) = (done, None);
            }
        }
        if offsets.count() == 0 { Ok(()) } else { consumer.commit(&offsets, CommitMode::Async) }
    }

    /// What the broker answered.
    pub(crate) fn committed(&mut self, element: &TopicPartitionListElem<'_>, failed: Option<RDKafkaErrorCode>) {
        let Some(number) = self.number_of(element.topic(), element.partition()) else { return };
        let Some(part) = self.parts.get_mut(&number) else { return };
        match (failed, element.offset()) {
            (None, Offset::Offset(offset)) => part.committed = part.committed.max(offset),
            (Some(code), _) => (part.asked, part.failed) = (part.committed, Some(code)),
            (None, _) => {}
        }
    }

    /// The numbers of partitions.
    pub(crate) fn numbers_of(&self, list: &TopicPartitionList) -> Vec<u64> {
        let elements = list.elements();
        elements.iter().filter_map(|element| self.number_of(element.topic(), element.partition())).collect()
    }

    pub(crate) fn all(&self) -> Vec<u64> {
        self.parts.keys().copied().collect()
    }

    /// Nothing more is handed out of partitions that are about to go.
    pub(crate) fn leaving(&mut self, numbers: &[u64]) {
        for number in numbers {
            if let Some(part) = self.parts.get_mut(number) {
                part.leaving = true;
            }
        }
    }

    /// How many messages of partitions are handed out.
    pub(crate) fn under_way(&self, numbers: &[u64]) -> usize {
        numbers.iter().filter_map(|number| self.parts.get(number)).map(|part| part.tracker.held()).sum()
    }

    /// Partitions go; what the broker has to remember of them.
    pub(crate) fn leave(&mut self, numbers: &[u64]) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        for part in numbers.iter().filter_map(|number| self.parts.remove(number)) {
            let done = part.tracker.done().filter(|done| *done > part.committed && part.moved(*done));
            if let Some(done) = done {
                let added = offsets.add_partition_offset(&part.topic, part.partition, Offset::Offset(done));
                added.expect("an offset of a record is one");
            }
        }
        offsets
    }

    /// The offsets up to which this member is done, of partitions it has.
    pub(crate) fn positions(&self) -> Vec<(String, i32, i64)> {
        let done = |part: &Part| Some((part.topic.clone(), part.partition, part.tracker.done()?));
        self.parts.values().filter_map(done).collect()
    }

    fn number_of(&self, topic: &str, partition: i32) -> Option<u64> {
        let is = |part: &Part| part.partition == partition && part.topic == topic;
        self.parts.iter().find(|(_, part)| is(part)).map(|(number, _)| *number)
    }
}

impl Part {
    fn take(&mut self, number: u64, taking: &Taking<'_>, looks: &mut usize, taken: &mut Taken) {
        while taken.incoming.len() < taking.most && *looks > 0 {
            if let Some(again) = self.tracker.take_again() {
                taken.incoming.push(again);
                continue;
            }
            self.full = self.tracker.span() >= taking.window;
            if self.full {
                return;
            }
            let (offset, incoming) = match self.early.pop_front() {
                Some(early) => early,
                None => match self.queue.poll(Duration::ZERO) {
                    Some(Ok(message)) => (message.offset(), read(taking.reads, number, &message)),
                    Some(Err(error)) => {
                        taken.errors.push(error);
                        continue;
                    }
                    None => return,
                },
            };
            *looks -= 1;
            match incoming {
                Some(incoming) if self.tracker.hold(offset, incoming.clone()) => taken.incoming.push(incoming),
                Some(_) => {}
                None => self.tracker.skip(offset),
            }
        }
    }

    /// Whether an offset says more than where the partition was begun: nothing
    /// has ended when it is still the first message's.
    fn moved(&self, done: i64) -> bool {
        self.tracker.first().is_some_and(|first| done > first)
    }
}

/// A message for the group, or nothing if it is for others.
fn read(reads: &Reads, number: u64, message: &BorrowedMessage<'_>) -> Option<Incoming> {
    match record::read(reads, tag(number, message.offset()), message) {
        Read::Message(incoming) => Some(incoming),
        Read::Others => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{number, offset, tag};

    #[test]
    fn a_tag_says_which_stay_of_a_partition_and_which_offset() {
        for (part, at) in [(1, 0), (7, 42), (u64::MAX, i64::MAX)] {
            assert_eq!((number(tag(part, at)), offset(tag(part, at))), (part, at));
        }
    }
}
