//! One process at a time: a lock beside the database file.
//!
//! The operating system gives it back when the process ends, however it ends.
//! The file also says what its holder is at [`work`](super::work) on.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anywise_core::{Error, Kind, Result, Timestamp};

use crate::sqlite::work::AtWork;

/// Bytes of the holder's name, for people.
const NAME: usize = 200;

/// The lock, until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    pub(super) work: Arc<AtWork>,
}

impl Lock {
    /// Takes the lock of the database at `path`.
    ///
    /// # Errors
    /// `AW7002`: somebody else has it.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let beside = beside(path);
        let mut file = options()
            .open(&beside)
            .map_err(|error| cannot(&format!("`{}` cannot be opened", beside.display()), error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(path, &mut file)),
            Err(TryLockError::Error(error)) => {
                return Err(cannot(&format!("`{}` cannot be locked", beside.display()), error));
            }
        }
        // For people alone; the lock is what counts.
        drop(note(&file));
        let work = AtWork::open(file)
            .map_err(|error| cannot(&format!("`{}` cannot be read", beside.display()), error))?;
        Ok(Self { work: Arc::new(work) })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.work.close();
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn note(file: &File) -> std::io::Result<()> {
    let name = format!("process {} since {}", std::process::id(), Timestamp::now());
    crate::sqlite::work::write_at(file, format!("{name:<NAME$}").as_bytes(), 0)
}

fn taken(path: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    let read = file.take(NAME as u64).read_to_string(&mut holder);
    let holder = match holder.trim_end() {
        name if read.is_ok() && !name.is_empty() => name,
        _ => "another process",
    };
    let text = format!(
        "`{}` is in use by {holder}: a database on SQLite belongs to one process; for several take Postgres",
        path.display()
    );
    Error::new(Kind::Unavailable, "AW7002", text)
}

/// `AW7001`, with why.
pub(super) fn cannot(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Unavailable, "AW7001", format!("{what}: {error}")).with_source(error)
}
