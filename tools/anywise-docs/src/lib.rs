//! Documents written from the catalog of an anywise application.
//!
//! The [`Catalog`](anywise_core::catalog::Catalog) is derived from signatures, so
//! what is written here cannot disagree with the code. From it come
//! - [`Site`]: a static site with search and flow diagrams,
//! - [`markdown()`]: the same content as Markdown, with Mermaid diagrams,
//! - [`flow`]: the graph of messages and functions behind the diagrams.
//!
//! Beside it there are [`Operations`]: pages about a running application's store.
//!
//! Everything is rendered in memory, is deterministic, and touches neither the
//! network nor a running application. All text in a catalog is untrusted: it is
//! escaped, and doc comments are rendered without raw HTML and unsafe links.
//!
//! ```
//! use anywise_core::catalog::Catalog;
//! use anywise_docs::{Site, markdown};
//!
//! let catalog = Catalog::default();
//! let served: Vec<_> = Site::new(&catalog).render().into_iter().map(|page| page.path).collect();
//! assert!(served.contains(&"assets/site.css".to_owned()));
//! assert_eq!(markdown(&catalog)[0].path, "README.md");
//! ```

pub mod flow;
mod html;
mod lookup;
mod markdown;
mod operations;
mod page;
mod prose;
mod schema;
mod search;
mod site;
mod slug;
mod url;
mod view;

pub use markdown::markdown;
pub use operations::{Notice, Operations, Waiting, dead_letter_json};
pub use page::Page;
pub use site::Site;
