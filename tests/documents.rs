//! Documents keep up with the code: links lead somewhere, the map shows every room.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("the folder can be listed").path()).collect()
}

/// The Markdown files at the root and everywhere below `docs`, but for the attributes' pages: rustdoc checks those.
fn documents() -> Vec<PathBuf> {
    let (mut found, mut folders) = (list(root()), vec![root().join("docs")]);
    while let Some(folder) = folders.pop() {
        for path in list(&folder) {
            if path.is_file() {
                found.push(path);
            } else if !path.ends_with("attributes") {
                folders.push(path);
            }
        }
    }
    found.retain(|path| path.extension().is_some_and(|end| end == "md"));
    found
}

/// The text without its code blocks, in which brackets are not links.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// Where the links of `text` lead.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let documents = documents();
    assert!(documents.len() > 20, "the documents are looked for in the wrong place");
    for document in documents {
        let text = prose(&read(&document));
        for target in targets(&text).filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            let folder = document.parent().expect("a file is in a folder");
            assert!(folder.join(file).exists(), "{}: nothing at `{target}`", document.display());
        }
    }
}

#[test]
fn the_map_shows_every_file_of_core_and_no_other() {
    let map = read(&root().join("docs/ARCHITECTURE.md"));
    let core = root().join("anywise-core/src");
    let mut names = Vec::new();
    let mut folders = vec![core.clone()];
    while let Some(folder) = folders.pop() {
        for path in list(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&core).expect("it is below core");
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    let shown = map.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let mut shown: Vec<_> =
        shown.map(|(name, _)| name.to_owned()).filter(|name| Path::new(name).extension().is_some()).collect();
    shown.sort();
    assert_eq!(shown, names, "left: docs/ARCHITECTURE.md, right: anywise-core/src");
}

#[test]
fn the_readme_names_every_example() {
    let readme = read(&root().join("README.md"));
    for path in list(&root().join("examples")).into_iter().filter(|path| path.is_file()) {
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        assert!(readme.contains(&format!("(examples/{name})")), "README.md does not name examples/{name}");
    }
}

#[test]
fn no_code_in_documents_is_left_uncompiled() {
    let mut files = documents();
    for folder in
        ["src", "anywise-core/src", "anywise-macros/src", "adapters/anywise-axum/src", "docs/attributes"]
    {
        files.extend(list(&root().join(folder)).into_iter().filter(|path| path.is_file()));
    }
    for file in files {
        for (at, line) in read(&file).lines().enumerate() {
            let fence = line.split_once("```").map_or("", |(_, words)| words);
            assert!(!fence.split(',').any(|word| word == "ignore"), "{}:{}", file.display(), at + 1);
        }
    }
}
