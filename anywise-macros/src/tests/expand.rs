//! Golden expansions: `tests/expand/<attribute>/<case>.rs` beside `<case>.expanded.rs`, read in review like any code.
//!
//! `ANYWISE_EXPAND=write cargo test -p anywise-macros` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::expand_item;

#[test]
fn every_expansion_is_the_reviewed_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let write = std::env::var("ANYWISE_EXPAND").is_ok_and(|word| word == "write");
    let mut different = Vec::new();
    let inputs = inputs(&root);
    assert!(inputs.len() > 30, "the inputs are found");
    for input in inputs {
        let golden = input.with_extension("expanded.rs");
        let expanded = expansion(&input);
        if write {
            fs::write(&golden, &expanded).expect("the golden can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != expanded {
            different.push(format!("{}:\n{expanded}", golden.display()));
        }
    }
    assert!(
        different.is_empty(),
        "changed expansions; ANYWISE_EXPAND=write accepts them\n{}",
        different.join("\n")
    );
}

fn inputs(root: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let folder = fs::read_dir(folder).expect("the goldens are in the package");
        let mut paths: Vec<PathBuf> =
            folder.map(|entry| entry.expect("the folder can be read").path()).collect();
        paths.sort();
        paths
    };
    let files = entries(root).into_iter().flat_map(|folder| entries(&folder));
    files.filter(|file| !file.to_string_lossy().ends_with(".expanded.rs")).collect()
}

fn expansion(input: &Path) -> String {
    let source = fs::read_to_string(input).expect("the input can be read");
    let file = syn::parse_file(&source).expect("the input is Rust");
    let items: proc_macro2::TokenStream = file.items.into_iter().map(expand_item).collect();
    assert!(!items.to_string().contains("compile_error"), "{} is refused:\n{items}", input.display());
    prettyplease::unparse(&syn::parse2(items).expect("the expansion is Rust"))
}
