//! One process at a time: a lock beside the database file.
//!
//! The operating system gives it back when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anywise_core::{Error, Kind, Result, Timestamp};

/// The lock, until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
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
        drop(note(&mut file));
        Ok(Self { _file: file })
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

fn note(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    write!(file, "process {} since {}", std::process::id(), Timestamp::now())
}

fn taken(path: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    if file.take(200).read_to_string(&mut holder).is_err() || holder.is_empty() {
        "another process".clone_into(&mut holder);
    }
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
