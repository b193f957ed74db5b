//! The partitions that a member of a group has, and what is under way in each.
//!
//! Nothing here waits: it is used under a lock, by the member's thread when
//! partitions come and go, and by who receives and settles.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{Incoming, Tag};
use rdkafka::consumer::BaseConsumer;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
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
    /// The broker remembers at least this offset.
    committed: i64,
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
            committed: i64::MIN,
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

    /// Whether the broker remembers it all, or it is not this member's any more.
    pub(crate) fn has_told(&self, targets: &Targets) -> bool {
        let told = |part: &Part, target| part.committed >= target;
        targets.iter().all(|(number, target)| self.parts.get(number).is_none_or(|part| told(part, *target)))
    }

    /// What has ended since the broker was last told.
    pub(crate) fn untold(&self) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        self.parts.values().for_each(|part| part.add_to(&mut offsets));
        offsets
    }

    /// The broker remembers offsets.
    pub(crate) fn told(&mut self, offsets: &TopicPartitionList) {
        for element in offsets.elements() {
            let number = self.number_of(element.topic(), element.partition());
            let part = number.and_then(|number| self.parts.get_mut(&number));
            if let (Some(part), Offset::Offset(offset)) = (part, element.offset()) {
                part.committed = part.committed.max(offset);
            }
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
        let gone = numbers.iter().filter_map(|number| self.parts.remove(number));
        gone.for_each(|part| part.add_to(&mut offsets));
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
                Some(incoming) if self.tracker.hold(offset, incoming.clone()) => {
                    taken.incoming.push(incoming);
                }
                Some(_) => {}
                None => self.tracker.skip(offset),
            }
        }
    }

    /// Adds what the broker has not been told of it.
    fn add_to(&self, offsets: &mut TopicPartitionList) {
        let done = self.tracker.done().filter(|done| *done > self.committed && self.moved(*done));
        if let Some(done) = done {
            let added = offsets.add_partition_offset(&self.topic, self.partition, Offset::Offset(done));
            added.expect("the offset of a record is one");
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
