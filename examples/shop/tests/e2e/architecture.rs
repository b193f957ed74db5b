//! What the slices may know: the framework, and each other's messages.

use std::fs;
use std::path::Path;

fn dependencies(of: &str) -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(of).join("Cargo.toml");
    let text = fs::read_to_string(manifest).expect("each slice is a crate beside this one");
    let sections = text.split("\n[").filter(|section| section.contains("dependencies]"));
    let lines = sections.flat_map(|section| section.lines().skip(1)).filter_map(|line| line.split_once('='));
    let names = lines.map(|(name, _)| name.trim().trim_end_matches(".workspace").to_owned());
    names.collect()
}

#[test]
fn messages_need_the_framework_alone() {
    assert_eq!(dependencies("contracts"), ["anywise"]);
}

#[test]
fn slices_never_import_each_other() {
    for slice in shop::SLICES {
        assert_eq!(dependencies(slice.name()), ["anywise", "shop-contracts"], "{}", slice.name());
    }
}
