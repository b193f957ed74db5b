//! Where a group begins that has committed nothing: with what was published
//! after it was first declared.
//!
//! Kafka itself knows only the oldest record and the newest. So when a group is
//! declared, the ends of its partitions are committed for a second group,
//! `<group>.begin`. It never has members, so that this works while the first one
//! has: a slice may get a listener for another slice's events while its
//! processes run. A partition without such a mark was added later, and is read
//! from its oldest record.

use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::config::Config;
use crate::connection::Reports;

/// How long the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

impl ConsumerContext for Reports {}

/// The marks of one group. Everything here blocks.
pub(crate) struct Marks(BaseConsumer<Reports>);

impl Marks {
    pub(crate) fn of(config: &Config, group: &str) -> KafkaResult<Self> {
        let config = config.consumer(&format!("{group}.begin"));
        BaseConsumer::from_config_and_context(&config, Reports).map(Self)
    }

    /// Marks the ends of partitions that have no mark.
    pub(crate) fn set(&self, partitions: &TopicPartitionList) -> KafkaResult<()> {
        // The ends come first: whoever marks at the same time then marks no
        // later than what is published once either has.
        let ends = offsets(&self.0, partitions, Offset::End)?;
        let marks = self.get(partitions)?;
        let mut missing = TopicPartitionList::new();
        for end in ends.elements() {
            let mark = marks.find_partition(end.topic(), end.partition());
            if mark.is_none_or(|mark| known(mark.offset()).is_none()) && known(end.offset()).is_some() {
                missing.add_partition_offset(end.topic(), end.partition(), end.offset())?;
            }
        }
        if missing.count() == 0 { Ok(()) } else { self.0.commit(&missing, CommitMode::Sync) }
    }

    /// The marks of partitions.
    pub(crate) fn get(&self, partitions: &TopicPartitionList) -> KafkaResult<TopicPartitionList> {
        self.0.committed_offsets(partitions.clone(), ANSWER)
    }
}

/// Where each of `partitions` is to be read from; the second list has those that
/// were found by their marks.
pub(crate) fn starts<C: ConsumerContext>(
    config: &Config,
    group: &str,
    consumer: &BaseConsumer<C>,
    partitions: &TopicPartitionList,
) -> KafkaResult<(TopicPartitionList, TopicPartitionList)> {
    let mut starts = consumer.committed_offsets(partitions.clone(), ANSWER)?;
    let (mut new, mut marked) = (TopicPartitionList::new(), TopicPartitionList::new());
    for element in starts.elements().iter().filter(|element| known(element.offset()).is_none()) {
        new.add_partition(element.topic(), element.partition());
    }
    if new.count() > 0 {
        let marks = Marks::of(config, group)?.get(&new)?;
        for mark in marks.elements().iter().filter(|mark| known(mark.offset()).is_some()) {
            starts.set_partition_offset(mark.topic(), mark.partition(), mark.offset())?;
            marked.add_partition_offset(mark.topic(), mark.partition(), mark.offset())?;
        }
    }
    Ok((starts, marked))
}

/// The offset of partitions at one of their ends.
pub(crate) fn offsets<C: ClientContext + ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &TopicPartitionList,
    end: Offset,
) -> KafkaResult<TopicPartitionList> {
    let mut list = partitions.clone();
    list.set_all_offsets(end)?;
    consumer.offsets_for_times(list, ANSWER)
}

/// An offset that is one.
pub(crate) fn known(offset: Offset) -> Option<i64> {
    match offset {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}
