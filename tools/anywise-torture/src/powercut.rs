//! Power cuts, made up: what a file holds when everything that was not synced
//! is lost, or a torn part of it.
//!
//! A shim before libc writes down what a child writes; from that the files are
//! rebuilt as they would be found after a cut at any point.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Result;
use crate::seed::Seed;

/// Disks write so much at once, or nothing of it.
const SECTOR: usize = 512;

/// What a cut takes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything that was not synced.
    Lose,
    /// A random part of it, writes torn at sectors.
    Torn,
}

/// Something the child did to a file, or said.
#[derive(Debug)]
enum Record {
    /// A change that is not durable by itself.
    Change(PathBuf, Change),
    SyncBegin(PathBuf),
    SyncEnd(PathBuf),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
    Said(String),
    Started,
}

#[derive(Clone, Debug)]
enum Change {
    Made,
    Write(usize, Arc<[u8]>),
    Truncate(usize),
}

/// The log of one or more children on the same files.
#[derive(Debug)]
pub(crate) struct Recording(Vec<Record>);

impl Recording {
    /// Reads a log.
    ///
    /// # Errors
    /// That it cannot be read. A last record that is cut short is not one.
    pub(crate) fn read(log: &Path) -> Result<Self> {
        let bytes = std::fs::read(log)?;
        let mut rest = &bytes[..];
        let mut records = Vec::new();
        while let Some((record, after)) = record(rest) {
            records.extend(record);
            rest = after;
        }
        Ok(Self(records))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Syncs that ended.
    pub(crate) fn syncs(&self) -> usize {
        self.0.iter().filter(|record| matches!(record, Record::SyncEnd(_))).count()
    }

    /// Goes through the log and shows the disk before each record in `cuts`,
    /// which are in order.
    pub(crate) fn replay(
        &self,
        cuts: &[usize],
        mut each: impl FnMut(usize, &Disk) -> Result<()>,
    ) -> Result<()> {
        let mut disk = Disk::default();
        let mut cuts = cuts.iter().copied().peekable();
        for (number, record) in self.0.iter().enumerate() {
            while cuts.next_if_eq(&number).is_some() {
                each(number, &disk)?;
            }
            disk.apply(record);
        }
        Ok(())
    }
}

/// One record, and what comes after it.
fn record(bytes: &[u8]) -> Option<(Option<Record>, &[u8])> {
    let (head, rest) = bytes.split_at_checked(15)?;
    let number = |range: std::ops::Range<usize>| {
        head[range].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let size = |range| usize::try_from(number(range)).expect("sizes fit");
    let (path, rest) = rest.split_at_checked(size(1..3))?;
    let (data, rest) = rest.split_at_checked(size(11..15))?;
    let path = PathBuf::from(String::from_utf8_lossy(path).into_owned());
    let at = size(3..11);
    let record = match head[0] {
        b'O' if at == 1 => Record::Change(path, Change::Made),
        b'O' => Record::Change(path, Change::Truncate(0)),
        b'W' => Record::Change(path, Change::Write(at, data.into())),
        b'T' => Record::Change(path, Change::Truncate(at)),
        b'B' => Record::SyncBegin(path),
        b'E' => Record::SyncEnd(path),
        b'U' => Record::Unlink(path),
        b'R' => Record::Rename(path, PathBuf::from(String::from_utf8_lossy(data).into_owned())),
        b'A' => Record::Said(String::from_utf8_lossy(data).into_owned()),
        b'S' => Record::Started,
        _ => return None,
    };
    Some((Some(record), rest))
}

/// Files, as far as they are durable and as they seem to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<PathBuf, Content>,
    /// What the child had said: lines that the client may have read.
    pub(crate) said: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    durable: Option<Vec<u8>>,
    /// Changes since, in order.
    pending: Vec<Change>,
    /// How many of them each sync that has begun covers.
    syncing: Vec<usize>,
}

impl Disk {
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Change(path, change) => self.file(path).pending.push(change.clone()),
            Record::SyncBegin(path) => {
                let file = self.file(path);
                file.syncing.push(file.pending.len());
            }
            Record::SyncEnd(path) => self.file(path).synced(),
            Record::Unlink(path) => drop(self.files.remove(path)),
            Record::Rename(from, to) => {
                if let Some(file) = self.files.remove(from) {
                    self.files.insert(to.clone(), file);
                }
            }
            Record::Said(line) => self.said.push(line.clone()),
            // A sync of a process that is gone covers nothing.
            Record::Started => self.files.values_mut().for_each(|file| file.syncing.clear()),
        }
    }

    fn file(&mut self, path: &Path) -> &mut Content {
        self.files.entry(path.to_owned()).or_default()
    }

    /// Writes the files below `from` as they are found after a cut to `to`.
    pub(crate) fn rebuild(&self, mode: Mode, seed: &mut Seed, from: &Path, to: &Path) -> Result<()> {
        for (path, file) in &self.files {
            let name = path.strip_prefix(from)?;
            // Shared memory is made again; the lock is nobody's.
            let skipped =
                name.extension().is_some_and(|kind| kind == "lock" || kind == "log" || kind == "txt");
            if skipped || name.to_string_lossy().ends_with("-shm") || name.as_os_str().is_empty() {
                continue;
            }
            if let Some(bytes) = file.after_cut(mode, seed) {
                std::fs::write(to.join(name), bytes)?;
            }
        }
        Ok(())
    }
}

impl Content {
    /// The oldest sync that is under way has ended.
    fn synced(&mut self) {
        if self.syncing.is_empty() {
            return;
        }
        let covered = self.syncing.remove(0).min(self.pending.len());
        let mut durable = self.durable.take().unwrap_or_default();
        for change in self.pending.drain(..covered) {
            apply(&mut durable, &change, |_| true);
        }
        self.durable = Some(durable);
        self.syncing.iter_mut().for_each(|later| *later = later.saturating_sub(covered));
    }

    fn after_cut(&self, mode: Mode, seed: &mut Seed) -> Option<Vec<u8>> {
        if mode == Mode::Lose {
            return self.durable.clone();
        }
        let mut bytes = self.durable.clone();
        for change in &self.pending {
            let fate = seed.pick(0..4);
            if fate == 0 {
                continue;
            }
            // Whole, mostly; or each sector by itself.
            let bytes = bytes.get_or_insert_default();
            apply(bytes, change, |_| fate != 1 || seed.chance(50));
        }
        bytes
    }
}

/// Applies a change, as far as `keep` lets each of its sectors through.
fn apply(bytes: &mut Vec<u8>, change: &Change, mut keep: impl FnMut(usize) -> bool) {
    match change {
        Change::Made => {}
        Change::Truncate(len) => bytes.resize(*len, 0),
        Change::Write(at, data) => {
            let mut done = 0;
            while done < data.len() {
                let start = at + done;
                let len = (SECTOR - start % SECTOR).min(data.len() - done);
                if keep(start / SECTOR) {
                    if bytes.len() < start + len {
                        bytes.resize(start + len, 0);
                    }
                    bytes[start..start + len].copy_from_slice(&data[done..done + len]);
                }
                done += len;
            }
        }
    }
}

/// Compiles the shim; says where it is.
///
/// # Errors
/// That there is no C compiler, or it does not like the shim.
pub(crate) async fn shim(dir: &Path) -> Result<PathBuf> {
    let (source, library) = (dir.join("shim.c"), dir.join("shim.so"));
    std::fs::write(&source, include_str!("../powercut/shim.c"))?;
    let mut compiler = tokio::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).args(["-ldl", "-lpthread"]);
    let output = compiler.output().await.map_err(|error| format!("there is no C compiler: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: usize, byte: u8, len: usize) -> Record {
        Record::Change("/d/f".into(), Change::Write(at, vec![byte; len].into()))
    }

    fn disk(records: &[Record]) -> Disk {
        let mut disk = Disk::default();
        for record in records {
            disk.apply(record);
        }
        disk
    }

    fn lost(records: &[Record]) -> Option<Vec<u8>> {
        disk(records).file(Path::new("/d/f")).after_cut(Mode::Lose, &mut Seed::new(1))
    }

    fn sync() -> [Record; 2] {
        [Record::SyncBegin("/d/f".into()), Record::SyncEnd("/d/f".into())]
    }

    #[test]
    fn what_was_not_synced_is_lost() {
        assert_eq!(lost(&[write(0, 1, 4)]), None);
        let [begin, end] = sync();
        assert_eq!(lost(&[write(0, 1, 4), begin, end, write(4, 2, 4)]), Some(vec![1; 4]));
    }

    #[test]
    fn a_sync_covers_what_was_written_before_it_began() {
        let [begin, end] = sync();
        assert_eq!(lost(&[write(0, 1, 2), begin, write(2, 2, 2), end]), Some(vec![1; 2]));
    }

    #[test]
    fn a_sync_that_never_ended_covers_nothing() {
        let [begin, _] = sync();
        assert_eq!(lost(&[write(0, 1, 2), begin]), None);
    }

    #[test]
    fn a_torn_write_is_torn_at_sectors() {
        let mut torn = 0;
        for seed in 0..200 {
            let mut disk = disk(&[write(0, 7, SECTOR * 4)]);
            let file = disk.file(Path::new("/d/f"));
            let Some(bytes) = file.after_cut(Mode::Torn, &mut Seed::new(seed)) else { continue };
            assert!(bytes.chunks(SECTOR).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
            torn += usize::from(bytes.contains(&0));
        }
        assert!(torn > 0, "some writes are torn");
    }

    #[test]
    fn records_are_read_and_a_short_one_ends_the_log() {
        let mut log = vec![b'W', 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
        log.extend(b"/fx");
        let (read, rest) = record(&log).unwrap();
        assert!(rest.is_empty());
        assert!(
            matches!(read, Some(Record::Change(path, Change::Write(3, data))) if path == Path::new("/f") && *data == *b"x")
        );
        assert!(record(&log[..log.len() - 1]).is_none());
    }
}
