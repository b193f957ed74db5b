//! Finding things in a catalog by name, and the page each of them has.

use crate::slug::Slugs;
use anywise_core::catalog::{Catalog, Function, FunctionKind, Message};
use std::collections::{BTreeMap, BTreeSet};

/// Slice colours in the style sheet; further slices start over.
const HUES: usize = 12;

/// A catalog with its names indexed.
pub(crate) struct Lookup<'a> {
    /// What is looked up in.
    pub(crate) catalog: &'a Catalog,
    /// `html` or `md`.
    ending: &'static str,
    messages: BTreeMap<&'a str, &'a Message>,
    functions: BTreeMap<&'a str, &'a Function>,
    guarded: BTreeMap<&'a str, Vec<&'a Function>>,
    hues: BTreeMap<&'a str, usize>,
    slice_slugs: Slugs,
    message_slugs: Slugs,
    function_slugs: Slugs,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(catalog: &'a Catalog, ending: &'static str) -> Self {
        let mut guarded: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
        for function in &catalog.functions {
            for step in &function.guards {
                guarded.entry(&step.id).or_default().push(function);
            }
        }
        let slices: BTreeSet<_> = catalog.slices.iter().map(|s| s.name.as_str()).collect();
        Self {
            catalog,
            ending,
            hues: slices.iter().enumerate().map(|(n, &name)| (name, n % HUES)).collect(),
            slice_slugs: Slugs::of(slices),
            messages: catalog.messages.iter().map(|m| (m.name.as_str(), m)).collect(),
            functions: catalog.functions.iter().map(|f| (f.id.as_str(), f)).collect(),
            guarded,
            message_slugs: Slugs::of(catalog.messages.iter().map(|m| m.name.as_str())),
            function_slugs: Slugs::of(catalog.functions.iter().map(|f| f.id.as_str())),
        }
    }

    pub(crate) fn message(&self, wire: &str) -> Option<&'a Message> {
        self.messages.get(wire).copied()
    }

    pub(crate) fn function(&self, id: &str) -> Option<&'a Function> {
        self.functions.get(id).copied()
    }

    /// The functions a guard stands in front of.
    pub(crate) fn guarded_by(&self, guard: &str) -> &[&'a Function] {
        self.guarded.get(guard).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn messages_of(&self, slice: &str) -> impl Iterator<Item = &'a Message> {
        self.catalog.messages.iter().filter(move |m| m.slice == slice)
    }

    pub(crate) fn functions_of(&self, slice: &str, kind: FunctionKind) -> impl Iterator<Item = &'a Function> {
        self.catalog.functions.iter().filter(move |f| f.slice == slice && f.kind == kind)
    }

    /// The class that gives a slice its colour.
    pub(crate) fn hue(&self, slice: &str) -> String {
        match self.hues.get(slice) {
            Some(hue) => format!("hue-{hue}"),
            None => "hue-none".to_owned(),
        }
    }

    /// The page of a slice, from the root.
    pub(crate) fn slice_path(&self, name: &str) -> Option<String> {
        self.path("slices", self.slice_slugs.get(name)?)
    }

    /// The page of a message, from the root.
    pub(crate) fn message_path(&self, wire: &str) -> Option<String> {
        self.path("messages", self.message_slugs.get(wire)?)
    }

    /// The page of a function, from the root.
    pub(crate) fn function_path(&self, id: &str) -> Option<String> {
        self.path("functions", self.function_slugs.get(id)?)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every caller answers with an Option")]
    fn path(&self, folder: &str, slug: &str) -> Option<String> {
        Some(format!("{folder}/{slug}.{}", self.ending))
    }

    /// The page of something named in a doc comment: a wire name, a Rust path or
    /// a bare name, as long as only one thing has it (the slice's own first).
    pub(crate) fn named(&self, name: &str, slice: &str) -> Option<String> {
        let last = name.rsplit("::").next().unwrap_or(name).trim_end_matches("()");
        let one = |mut found: Vec<(&str, Option<String>)>| {
            if found.len() > 1 {
                found.retain(|(of, _)| *of == slice);
            }
            if found.len() == 1 { found.pop()?.1 } else { None }
        };
        let messages = self.catalog.messages.iter().filter(|m| m.type_name == last);
        let functions = self.catalog.functions.iter().filter(|f| f.name == last);
        self.message_path(name)
            .or_else(|| self.function_path(name))
            .or_else(|| one(messages.map(|m| (m.slice.as_str(), self.message_path(&m.name))).collect()))
            .or_else(|| one(functions.map(|f| (f.slice.as_str(), self.function_path(&f.id))).collect()))
            .or_else(|| self.slice_path(name))
    }
}
