//! Dependencies at start-up: where each comes from, in which order they are
//! built, and what is missing, ambiguous or cyclic.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::error::Result;
use crate::error::nearest::hint;
use crate::message::{Site, TypeInfo};
use crate::registry::config::{ConfigEntry, section};
use crate::registry::function::{Bound, bind};
use crate::startup::dependency::{Built, Dependencies};
use crate::startup::fault::WiringFault;
use crate::startup::model::{Known, Model};
use crate::walk::call::BoxFuture;

/// A value, or the future that makes one, from the builder.
pub(crate) struct Given {
    pub(crate) info: TypeInfo,
    pub(crate) make: Make,
    /// Wins over every other source of its type.
    pub(crate) replaces: bool,
}

pub(crate) enum Make {
    Value(Built),
    Future(BoxFuture<'static, Result<Built>>),
}

/// Where a dependency comes from.
#[derive(Clone, Copy)]
enum Source<'m> {
    Given(usize),
    Config(&'static ConfigEntry),
    Provider(&'m Known),
}

impl Source<'_> {
    fn site(&self) -> Option<Site> {
        match self {
            Self::Given(_) => None,
            Self::Config(entry) => Some(entry.site),
            Self::Provider(known) => Some(known.entry.site),
        }
    }
}

/// Plans and builds the dependencies that functions borrow.
pub(crate) struct Provision<'m> {
    sources: HashMap<TypeId, Vec<Source<'m>>>,
    names: BTreeMap<String, TypeId>,
    /// What must be built, each after what it needs.
    order: Vec<TypeId>,
}

impl<'m> Provision<'m> {
    /// Finds sources and order; reports what has none, several, or a cycle.
    pub(crate) fn plan(model: &'m Model, given: &[Given], faults: &mut Vec<WiringFault>) -> Self {
        let mut provision = Self { sources: HashMap::new(), names: BTreeMap::new(), order: Vec::new() };
        provision.collect(model, given);
        provision.check(model, faults);
        provision
    }

    fn add(&mut self, info: TypeInfo, source: Source<'m>) {
        self.names.insert(info.name(), info.id);
        self.sources.entry(info.id).or_default().push(source);
    }

    fn collect(&mut self, model: &'m Model, given: &[Given]) {
        for (at, one) in given.iter().enumerate() {
            self.add(one.info, Source::Given(at));
        }
        for entry in &model.configs {
            self.add((entry.info)(), Source::Config(entry));
        }
        for known in &model.functions {
            if let Some(info) = known.signature.builds {
                self.add(info, Source::Provider(known));
            }
        }
        for (id, sources) in &mut self.sources {
            let replacing = given.iter().rposition(|one| one.replaces && one.info.id == *id);
            if let Some(at) = replacing {
                *sources = vec![Source::Given(at)];
            }
        }
    }

    fn check(&mut self, model: &'m Model, faults: &mut Vec<WiringFault>) {
        let mut needed: Vec<(TypeInfo, Vec<&Known>)> = Vec::new();
        let mut place: HashMap<TypeId, usize> = HashMap::new();
        for known in &model.functions {
            for need in &known.signature.needs {
                let at = *place.entry(need.info.id).or_insert_with(|| {
                    needed.push((need.info, Vec::new()));
                    needed.len() - 1
                });
                needed[at].1.push(known);
            }
        }
        for (info, by) in &needed {
            match self.sources.get(&info.id).map_or(&[][..], Vec::as_slice) {
                [] => faults.push(self.missing(info, by)),
                [_] => {}
                several => faults.push(WiringFault::new(
                    "AW4102",
                    format!("dependency `{}` has {} sources", info.name(), several.len()),
                    several.iter().filter_map(Source::site),
                    "keep one; to replace it in a test, use `.replace(..)` on the builder",
                )),
            }
        }
        let mut done = HashSet::new();
        for (info, _) in &needed {
            self.visit(info, &mut Vec::new(), &mut done, faults);
        }
    }

    fn missing(&self, info: &TypeInfo, by: &[&Known]) -> WiringFault {
        let name = info.name();
        let near = hint(&name, self.names.keys().map(String::as_str));
        let who: Vec<_> = by.iter().take(3).map(|known| format!("`{}`", known.entry.id())).collect();
        WiringFault::new(
            "AW4101",
            format!("dependency `{name}` is missing; needed by {}", who.join(", ")),
            by.iter().map(|known| known.entry.site),
            format!(
                "give it to the builder with `.provide(..)`, or write a `#[provide]` function that returns it{near}"
            ),
        )
    }

    /// Depth first: what a provider needs comes before it.
    fn visit(
        &mut self,
        info: &TypeInfo,
        path: &mut Vec<TypeInfo>,
        done: &mut HashSet<TypeId>,
        faults: &mut Vec<WiringFault>,
    ) {
        if let Some(from) = path.iter().position(|on_path| on_path.id == info.id) {
            let names: Vec<_> = path[from..].iter().chain([info]).map(TypeInfo::name).collect();
            let sites = path[from..].iter().filter_map(|one| self.sources[&one.id][0].site());
            faults.push(WiringFault::new(
                "AW4103",
                format!("dependencies go in a circle: {}", names.join(" → ")),
                sites.collect::<Vec<_>>(),
                "let one of the providers need less, or split what both need into a third",
            ));
            return;
        }
        if !done.insert(info.id) {
            return;
        }
        // On a circle the node is visited again while it is on the path.
        done.remove(&info.id);
        path.push(*info);
        if let Some(Source::Provider(known)) = self.sources.get(&info.id).and_then(|all| all.first().copied())
        {
            for need in &known.signature.needs {
                if !done.contains(&need.info.id) {
                    self.visit(&need.info, path, done, faults);
                }
            }
        }
        path.pop();
        done.insert(info.id);
        self.order.push(info.id);
    }

    /// Builds everything in order; a failure is a fault, and what depends on it
    /// is left out silently.
    pub(crate) async fn build(
        &self,
        given: Vec<Given>,
        config: &Value,
        faults: &mut Vec<WiringFault>,
    ) -> Dependencies {
        let mut given: Vec<_> = given.into_iter().map(Some).collect();
        let mut dependencies = Dependencies::default();
        for id in &self.order {
            let Some(source) = self.sources.get(id).and_then(|all| all.first()) else { continue };
            let built = match source {
                Source::Given(at) => match given[*at].take().map(|one| one.make) {
                    Some(Make::Value(built)) => Ok(built),
                    Some(Make::Future(future)) => {
                        future.await.map_err(|error| failed("given to the builder", None, &error))
                    }
                    None => continue,
                },
                Source::Config(entry) => read(entry, config),
                Source::Provider(known) => {
                    if known.signature.needs.iter().any(|need| dependencies.lacks(&need.info)) {
                        continue;
                    }
                    match bind(known.entry, &dependencies) {
                        Some(Bound::Provider(future)) => future.await.map_err(|error| {
                            failed(
                                &format!("provider `{}`", known.entry.id()),
                                Some(known.entry.site),
                                &error,
                            )
                        }),
                        _ => continue,
                    }
                }
            };
            match built {
                Ok(built) => dependencies.insert(built),
                Err(fault) => faults.push(fault),
            }
        }
        dependencies
    }
}

fn failed(what: &str, site: Option<Site>, error: &crate::Error) -> WiringFault {
    WiringFault::new(
        "AW4110",
        format!("a dependency could not be built: {what} failed: {error}"),
        site,
        "mend what the error says",
    )
}

fn read(entry: &ConfigEntry, config: &Value) -> Result<Built, WiringFault> {
    (entry.read)(&section(config, entry.prefix)).map_err(|error| {
        WiringFault::new(
            "AW4111",
            format!(
                "configuration section `{}` does not fit `{}`: {error}",
                entry.prefix,
                (entry.info)().name()
            ),
            [entry.site],
            format!("correct the section `{}` of the configuration", entry.prefix),
        )
    })
}
