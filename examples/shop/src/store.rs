//! Where the shop's data is.

use std::error::Error;
use std::sync::Arc;

use anywise::{MemoryStore, Store};

use crate::cli::Options;

/// The store that the command line asks for.
///
/// # Errors
/// Why it cannot be opened.
pub(crate) async fn open_store(_: &Options) -> Result<Arc<dyn Store>, Box<dyn Error>> {
    Ok(Arc::new(MemoryStore::new()))
}
