//! Writes the site and the Markdown of a catalog: `cargo run -p anywise-docs --example site -- catalog.json out`.
//!
//! The site goes to `out/site`, the Markdown to `out/markdown`.

use anywise_core::catalog::Catalog;
use anywise_docs::{Page, Site, markdown};
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let [catalog, out] =
        env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: site <catalog.json> <out>")?;
    let catalog: Catalog = serde_json::from_slice(&fs::read(catalog)?)?;
    let out = PathBuf::from(out);
    let pages = Site::new(&catalog).write_to(out.join("site"))?;
    let documents = Page::write_all(&markdown(&catalog), out.join("markdown"))?;
    println!("{pages} files in {0}/site, {documents} in {0}/markdown", out.display());
    Ok(())
}
