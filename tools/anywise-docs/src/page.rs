//! A finished file: where it goes, what it is, its bytes.

use std::{fs, io, path::Path};

/// One file of a site or of a Markdown tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// Path below the root, with `/` between its parts: `messages/order.OrderPaid.html`.
    /// Made of ASCII letters, digits and `._-/` only.
    pub path: String,
    /// Media type to serve it with.
    pub content_type: &'static str,
    /// The file itself.
    pub bytes: Vec<u8>,
}

impl Page {
    pub(crate) fn new(path: impl Into<String>, content_type: &'static str, text: impl Into<String>) -> Self {
        Self { path: path.into(), content_type, bytes: text.into().into_bytes() }
    }

    /// Writes pages below `dir`, creating it, and says how many were written.
    ///
    /// Files that are already there are overwritten; other files are left alone.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub fn write_all(pages: &[Page], dir: impl AsRef<Path>) -> io::Result<usize> {
        for page in pages {
            let file = dir.as_ref().join(&page.path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, &page.bytes)?;
        }
        Ok(pages.len())
    }
}
