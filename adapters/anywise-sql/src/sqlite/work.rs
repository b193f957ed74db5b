//! What the process is at work on, in the lock file.
//!
//! The next process finds out from it which deliveries were at work when this
//! one ended. It is written without waiting for the disk: what a process has
//! written outlives the process, and of a loss of power no message is suspected.
//! So to begin a run costs a microsecond, not a commit.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anywise_core::Claim;

/// Where the places begin, behind the holder's name.
const FIRST: u64 = 4_096;
/// Bytes of a place: number and epoch of a claim, and their checksum.
const PLACE: usize = 24;
/// Places that take up room from the start, so that a full disk does not keep
/// runs from beginning.
const MADE: usize = 1_024;

/// The claims of this process, and which of them have begun.
#[derive(Debug)]
pub(super) struct AtWork {
    /// What the last process was at work on when it ended.
    before: Vec<Claim>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Closed, and the lock with it, when the store is.
    file: Option<File>,
    held: HashMap<i64, Held>,
    /// Places that may be used again, and how many there are.
    free: Vec<u32>,
    places: u32,
}

#[derive(Debug)]
struct Held {
    epoch: i64,
    /// There when it has begun.
    place: Option<u32>,
}

impl AtWork {
    /// Reads what the last process left.
    pub(super) fn open(mut file: File) -> Result<Self> {
        file.seek(SeekFrom::Start(FIRST))?;
        let mut places = Vec::new();
        file.read_to_end(&mut places)?;
        let before = places.chunks_exact(PLACE).filter_map(read).collect();
        let state = State { file: Some(file), held: HashMap::new(), free: Vec::new(), places: 0 };
        Ok(Self { before, state: Mutex::new(state) })
    }

    pub(super) fn before(&self) -> &[Claim] {
        &self.before
    }

    /// The last process is dealt with: what it left is forgotten.
    pub(super) fn forget(&self) -> Result<()> {
        let state = self.state();
        let Some(file) = &state.file else { return Ok(()) };
        file.set_len(FIRST)?;
        write_at(file, &vec![0; PLACE * MADE], FIRST)
    }

    /// These are held from now on.
    pub(super) fn hold(&self, claims: &[Claim]) {
        let mut state = self.state();
        state.held.extend(claims.iter().map(|claim| (claim.id, Held { epoch: claim.epoch, place: None })));
    }

    /// Whether a claim is held.
    pub(super) fn is_held(&self, claim: Claim) -> bool {
        self.state().held.get(&claim.id).is_some_and(|held| held.epoch == claim.epoch)
    }

    /// Writes down that a claim has begun; false if it is not held.
    pub(super) fn begin(&self, claim: Claim) -> Result<bool> {
        let state = &mut *self.state();
        let (Some(held), Some(file)) = (state.held.get_mut(&claim.id), &state.file) else { return Ok(false) };
        if held.epoch != claim.epoch || held.place.is_some() {
            return Ok(held.epoch == claim.epoch);
        }
        let place = state.free.pop().unwrap_or(state.places);
        if let Err(error) = write_at(file, &written(claim), FIRST + u64::from(place) * PLACE as u64) {
            state.free.extend((place < state.places).then_some(place));
            return Err(error);
        }
        state.places = state.places.max(place + 1);
        held.place = Some(place);
        Ok(true)
    }

    /// These are held no more. Their places stay as they are: what is written
    /// there names an epoch in which nothing is claimed any more.
    pub(super) fn end(&self, deliveries: &[i64]) {
        let mut state = self.state();
        for id in deliveries {
            let place = state.held.remove(id).and_then(|held| held.place);
            state.free.extend(place);
        }
    }

    /// Gives the lock back.
    pub(super) fn close(&self) {
        self.state().file = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn written(claim: Claim) -> [u8; PLACE] {
    let mut place = [0; PLACE];
    place[..8].copy_from_slice(&claim.id.to_le_bytes());
    place[8..16].copy_from_slice(&claim.epoch.to_le_bytes());
    let sum = crc32fast::hash(&place[..16]);
    place[16..20].copy_from_slice(&sum.to_le_bytes());
    place
}

/// The claim in a place, if it is what was written.
fn read(place: &[u8]) -> Option<Claim> {
    let number = |at: usize| Some(i64::from_le_bytes(place.get(at..at + 8)?.try_into().ok()?));
    let claim = Claim { id: number(0)?, epoch: number(8)? };
    (claim.epoch > 0 && written(claim) == *place).then_some(claim)
}

#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], at: u64) -> Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(super) fn write_at(mut file: &File, bytes: &[u8], at: u64) -> Result<()> {
    file.seek(SeekFrom::Start(at))?;
    std::io::Write::write_all(&mut file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(id: i64) -> Claim {
        Claim { id, epoch: id + 1 }
    }

    fn file(name: &str) -> (File, std::path::PathBuf) {
        let path = std::env::temp_dir().join(format!("anywise-work-{name}-{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        (options.read(true).write(true).create(true).truncate(false).open(&path).unwrap(), path)
    }

    fn reopened(name: &str) -> AtWork {
        AtWork::open(file(name).0).unwrap()
    }

    #[test]
    fn the_next_process_finds_what_had_begun_and_not_what_was_only_held() {
        let work = reopened("begun");
        work.forget().unwrap();
        work.hold(&[claim(1), claim(2), claim(3)]);
        assert!(work.begin(claim(1)).unwrap() && work.begin(claim(3)).unwrap());
        assert!(work.begin(claim(1)).unwrap(), "twice is once");
        assert!(!work.begin(claim(4)).unwrap(), "it is not held");
        assert!(!work.begin(Claim { id: 2, epoch: 99 }).unwrap(), "not in this epoch");
        work.end(&[3]);
        assert!(!work.begin(claim(3)).unwrap(), "it is held no more");
        assert!(work.begin(claim(2)).unwrap());
        assert_eq!(reopened("begun").before(), [claim(1), claim(2)], "its place was used again");
        reopened("begun").forget().unwrap();
        assert_eq!(reopened("begun").before(), []);
        std::fs::remove_file(file("begun").1).unwrap();
    }

    #[test]
    fn what_is_torn_is_nothing() {
        let (file, path) = file("torn");
        write_at(&file, &written(claim(7))[..10], FIRST).unwrap();
        write_at(&file, &written(claim(8)), FIRST + PLACE as u64).unwrap();
        assert_eq!(AtWork::open(file).unwrap().before(), [claim(8)]);
        std::fs::remove_file(path).unwrap();
    }
}
