//! Where the shop's data is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anywise::sql::{Postgres, Sqlite};
use anywise::{Result, Store};

/// The file of the database in the folder for data.
const FILE: &str = "shop.db";

/// Where the shop's data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In a folder of this process, on SQLite. It is created.
    Folder(PathBuf),
    /// In a Postgres database, which any number of shops may share.
    Postgres(String),
}

impl Data {
    /// What the command line calls it.
    pub(crate) fn flag(&self) -> &'static str {
        match self {
            Self::Folder(_) => "--data",
            Self::Postgres(_) => "--postgres",
        }
    }

    /// Whether there is any yet; of a server that is not known before it is asked.
    pub(crate) fn exists(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.join(FILE).exists(),
            Self::Postgres(_) => true,
        }
    }

    /// Opens the store there.
    ///
    /// # Errors
    /// `AW7002` when another process has the folder; `AW7004` when the database
    /// cannot be reached; else why it cannot be used.
    pub async fn open(&self) -> Result<Arc<dyn Store>> {
        match self {
            Self::Folder(folder) => Ok(Arc::new(Sqlite::open(folder.join(FILE)).await?)),
            Self::Postgres(url) => Ok(Arc::new(Postgres::connect(url).await?)),
        }
    }
}

/// A folder for data that nobody wants to keep, removed when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A folder of its own below the system's for temporary files.
    #[must_use]
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("shop-{}", anywise::new_id())))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Data in it.
    #[must_use]
    pub fn data(&self) -> Data {
        Data::Folder(self.0.clone())
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is the system's to remove.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
