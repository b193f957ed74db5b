//! How deliveries and their failures are written, the same in both databases.

use anywise_core::{Delivery, Envelope, Error, Failure, Kind, Result};
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use crate::failpoint::mutant;

/// Attempts and losses are counted in small numbers.
pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// A delivery, ready to be written.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) msg_id: Uuid,
    pub(crate) target: String,
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) head: String,
    pub(crate) body: Bytes,
    pub(crate) crc: i64,
    /// In milliseconds; never before the moment asked for. None: at once.
    pub(crate) due: Option<i64>,
}

impl From<Delivery> for Stored {
    fn from(delivery: Delivery) -> Self {
        let Envelope { id, name, key, body, .. } = &delivery.envelope;
        let head = delivery.envelope.stored_head();
        Self {
            msg_id: *id,
            name: name.clone(),
            key: key.clone().filter(|_| !is_unordered(&delivery.target)),
            crc: checksum(&head, body),
            body: body.clone(),
            head,
            due: delivery.due.map(millis_up),
            target: delivery.target,
        }
    }
}

/// A planted bug: what goes out to a broker waits for nothing of its key.
fn is_unordered(target: &str) -> bool {
    mutant("sink_without_order") && target.starts_with("sink:")
}

/// CRC-32 of head and body.
pub(crate) fn checksum(head: &str, body: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head.as_bytes());
    hasher.update(body);
    i64::from(hasher.finalize())
}

/// The envelope of a row, if the row is what was written.
///
/// # Errors
/// `AW7010`: it must not be delivered.
pub(crate) fn envelope(head: &str, body: Bytes, crc: i64) -> Result<Envelope> {
    if checksum(head, &body) == crc {
        return Envelope::from_stored(head, body);
    }
    Err(Error::new(
        Kind::Unprocessable,
        "AW7010",
        "a stored message is not what was written: its checksum is wrong",
    ))
}

/// The envelope of a row that may be damaged, for an operator to look at.
pub(crate) fn remains(id: Uuid, name: &str, key: Option<&str>, head: &str, body: Bytes) -> Envelope {
    Envelope::from_stored(head, body.clone()).unwrap_or_else(|_| {
        let mut envelope = Envelope::new(name, "application/octet-stream", body);
        envelope.id = id;
        envelope.key = key.map(str::to_owned);
        envelope
    })
}

/// The failures of a row.
pub(crate) fn failures(text: Option<&str>) -> Vec<Failure> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// In milliseconds, rounded up.
pub(crate) fn millis_up(at: Timestamp) -> i64 {
    let millis = at.as_millisecond();
    if at.as_nanosecond() > i128::from(millis) * 1_000_000 { millis + 1 } else { millis }
}

/// Back from milliseconds.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}
