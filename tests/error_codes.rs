//! Every code that the sources use has a page, and every page a code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below `folder` for which `pick` is true.
fn files(folder: &Path, pick: &dyn Fn(&Path) -> bool, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("the folder can be listed").path()) {
        if path.is_dir() {
            files(&path, pick, into);
        } else if pick(&path) {
            into.push(path);
        }
    }
}

/// Every `AW` with four digits in `text`.
fn codes(text: &str) -> Vec<String> {
    let digits = |four: &&str| four.bytes().all(|byte| byte.is_ascii_digit());
    let four = |rest: &str| rest.get(..4).filter(digits).map(|four| format!("AW{four}"));
    text.split("AW").skip(1).filter_map(four).collect()
}

/// Whether the file has code of the framework itself, not of its tests.
fn is_source(path: &Path) -> bool {
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    let inside = names.iter().any(|name| name == "src");
    let name = path.file_name().unwrap_or_default();
    inside && has_ending(path, "rs") && name != "tests.rs" && name != "error_pages.rs"
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

/// The codes of the framework's own sources: the facade, core, macros, adapters and tools.
fn used() -> BTreeSet<String> {
    let mut sources = Vec::new();
    for folder in ["src", "anywise-core/src", "anywise-macros/src", "adapters", "tools"] {
        files(&root().join(folder), &is_source, &mut sources);
    }
    assert!(sources.len() > 50, "the sources are looked for in the wrong place");
    sources.iter().flat_map(|path| codes(&read(path))).collect()
}

/// The codes that have a page.
fn explained() -> BTreeSet<String> {
    let mut pages = Vec::new();
    files(&root().join("docs/errors"), &|path| has_ending(path, "md"), &mut pages);
    let name = |path: &PathBuf| path.file_stem().expect("it has a name").to_string_lossy().into_owned();
    pages.iter().map(name).filter(|name| name != "README").collect()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let (used, explained) = (used(), explained());
    let without_page: Vec<_> = used.difference(&explained).collect();
    assert!(without_page.is_empty(), "write docs/errors/<code>.md for {without_page:?}");
    let without_code: Vec<_> = explained.difference(&used).collect();
    assert!(without_code.is_empty(), "no source uses the codes of the pages {without_code:?}");
}

#[test]
fn every_page_is_in_the_index_and_its_code_is_compiled() {
    let index = read(&root().join("docs/errors/README.md"));
    let compiled = read(&root().join("src/error_pages.rs"));
    for code in explained() {
        let page = read(&root().join(format!("docs/errors/{code}.md")));
        let title = page.strip_prefix(&format!("# {code}: ")).and_then(|rest| rest.lines().next());
        let title = title.unwrap_or_else(|| panic!("{code}.md begins with `# {code}: what it is`"));
        assert!(
            index.contains(&format!("- [{code}]({code}.md): {title}\n")),
            "the index lacks `{code}: {title}`"
        );
        assert!(compiled.contains(&format!("    {code}\n")), "src/error_pages.rs lacks {code}");
        for part in ["## Example", "## How to mend it"] {
            assert!(page.contains(part), "{code}.md has no `{part}`");
        }
    }
}
