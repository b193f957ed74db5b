//! The two streams: one of the events, one of the dead letters.

use std::collections::BTreeSet;
use std::time::Duration;

use anywise_core::Result;
use serde_json::{Value, json};

use crate::Nats;
use crate::config::{Config, DEDUP, KEEP};
use crate::connection::{Connection, chance};
use crate::error::{conflict, weak};

/// How often what another process declared at the same moment is put right.
const TRIES: u32 = 30;
/// Longest wait before that, for each time it has been done.
const JITTER: Duration = Duration::from_millis(10);

/// What a stream is to be.
struct Wanted<'c> {
    name: String,
    subjects: BTreeSet<String>,
    /// Other streams that have some of the subjects: stream, subject.
    sources: Vec<(String, String)>,
    config: &'c Config,
    /// What was asked for, and what a new stream gets.
    keep: (Option<Duration>, Duration),
    max_bytes: Option<u64>,
}

/// Has the events' stream take in `subjects`, and those of foreign producers.
pub(crate) async fn events(nats: &Nats, connection: &Connection, subjects: BTreeSet<String>) -> Result<()> {
    let config = &*nats.config;
    let mut wanted = Wanted {
        name: config.names.stream(),
        subjects,
        sources: Vec::new(),
        config,
        keep: (config.keep, KEEP),
        max_bytes: config.max_bytes,
    };
    for (subject, _) in &config.foreign {
        match elsewhere(connection, &wanted.name, subject).await? {
            Some(stream) => wanted.sources.push((stream, subject.clone())),
            None => {
                wanted.subjects.insert(subject.clone());
            }
        }
    }
    if wanted.subjects.is_empty() {
        return Ok(());
    }
    wanted.declare(connection).await
}

/// The stream of the dead letters of all groups.
pub(crate) async fn dead_letters(nats: &Nats, connection: &Connection) -> Result<()> {
    let config = &*nats.config;
    let wanted = Wanted {
        name: config.names.dead_stream(),
        subjects: BTreeSet::from([config.names.all_dead()]),
        sources: Vec::new(),
        config,
        keep: (config.keep_dead, Duration::ZERO),
        max_bytes: None,
    };
    wanted.declare(connection).await
}

/// The stream other than `own` that takes in a subject.
async fn elsewhere(connection: &Connection, own: &str, subject: &str) -> Result<Option<String>> {
    let found = connection.ask("STREAM.NAMES".to_owned(), &json!({ "subject": subject })).await?;
    let names = found["streams"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(names.filter(|name| *name != own).map(str::to_owned).next())
}

impl Wanted<'_> {
    /// Creates it, or has the one that is there take in more. Two processes may
    /// do so at the same moment, and the server takes the last word: it is
    /// looked at again until everything is there.
    async fn declare(&self, connection: &Connection) -> Result<()> {
        for tries in 0..TRIES {
            tokio::time::sleep(JITTER.mul_f64(chance()) * tries.saturating_sub(1)).await;
            let Some(there) = self.there(connection).await? else {
                self.create(connection).await?;
                continue;
            };
            self.compare(&there)?;
            let Some(more) = self.more(there) else { return Ok(()) };
            connection.ask(format!("STREAM.UPDATE.{}", self.name), &more).await?;
        }
        let others = "other processes declare it differently again and again";
        Err(connection.away(format!("stream `{}`: {others}", self.name)))
    }

    async fn there(&self, connection: &Connection) -> Result<Option<Value>> {
        let info = connection.ask_for(format!("STREAM.INFO.{}", self.name), &json!({})).await?;
        Ok(info.map(|mut info| info["config"].take()))
    }

    async fn create(&self, connection: &Connection) -> Result<()> {
        let config = self.config;
        let mut new = json!({
            "name": self.name,
            "subjects": self.subjects,
            "storage": if config.in_memory { "memory" } else { "file" },
            "retention": "limits",
            "discard": "new",
            "max_age": nanos(self.keep.0.unwrap_or(self.keep.1)),
            "max_bytes": self.max_bytes.map_or(json!(-1), |bytes| json!(bytes)),
            "num_replicas": config.replicas.unwrap_or(1),
            "duplicate_window": nanos(self.window()),
            "allow_direct": true,
            "metadata": { "anywise-prefix": config.names.prefix() },
        });
        if !self.sources.is_empty() {
            new["sources"] = self.sources.iter().map(source).collect();
        }
        connection.ask_for(format!("STREAM.CREATE.{}", self.name), &new).await.map(drop)
    }

    /// Longer than the age of messages it must not be.
    fn window(&self) -> Duration {
        let (asked, new) = self.keep;
        let age = asked.unwrap_or(new);
        let window = self.config.dedup.unwrap_or(DEDUP);
        if age.is_zero() { window } else { window.min(age) }
    }

    /// What is there, as an error if it contradicts what is asked for.
    fn compare(&self, there: &Value) -> Result<()> {
        let config = self.config;
        if there["storage"] == "memory" && !config.weaker {
            return Err(self.too_weak("keeps its events in memory alone: an end of the server loses them"));
        }
        if there["discard"] != "new" && limited(there) && !config.weaker {
            return Err(
                self.too_weak("drops events that nobody has had when it is full (`discard` is `old`)")
            );
        }
        for (field, why) in [("no_ack", "confirms nothing"), ("sealed", "takes nothing in")] {
            if there[field] == true {
                return Err(self.contradiction(why));
            }
        }
        if there["retention"] == "workqueue" {
            return Err(
                self.contradiction("gives each event to one group alone (`retention` is `workqueue`)")
            );
        }
        if there["mirror"].is_object() {
            return Err(self.contradiction("is a mirror, to which nothing can be published"));
        }
        if let Some(prefix) = there["metadata"]["anywise-prefix"].as_str()
            && prefix != config.names.prefix()
        {
            return Err(self.contradiction(&format!("belongs to the prefix `{prefix}`; choose another one")));
        }
        self.compare_numbers(there)
    }

    /// What was asked for in so many words.
    fn compare_numbers(&self, there: &Value) -> Result<()> {
        let asked = [
            ("max_age", "--max-age", self.keep.0.map(nanos)),
            ("duplicate_window", "--dupe-window", self.config.dedup.map(|_| nanos(self.window()))),
            ("max_bytes", "--max-bytes", self.max_bytes),
            ("num_replicas", "--replicas", self.config.replicas.map(u64::from)),
        ];
        for (field, option, asked) in asked {
            let Some(asked) = asked else { continue };
            let found = there[field].as_i64().unwrap_or_default();
            if u64::try_from(found) != Ok(asked) {
                return Err(self.contradiction(&format!(
                    "has `{field}` {found}, and {asked} is asked for: ask for what is there or for nothing, or \
                     change it with `nats stream edit {} {option}=..`",
                    self.name
                )));
            }
        }
        Ok(())
    }

    fn too_weak(&self, why: &str) -> anywise_core::Error {
        weak(format!(
            "the stream `{}` {why}; say `accept_weaker_durability` to use it all the same",
            self.name
        ))
    }

    fn contradiction(&self, why: &str) -> anywise_core::Error {
        conflict(format!("the stream `{}` {why}", self.name))
    }

    /// The configuration that also takes in what is missing, if anything is.
    fn more(&self, mut there: Value) -> Option<Value> {
        let known = strings(&there["subjects"]);
        let missing = self.subjects.iter().filter(|subject| !known.contains(subject.as_str()));
        let missing: Vec<_> = missing.cloned().collect();
        let sources = there["sources"].as_array().cloned().unwrap_or_default();
        let from = |(stream, subject): &&(String, String)| {
            !sources.iter().any(|known| known["name"] == **stream && known["filter_subject"] == **subject)
        };
        let more: Vec<_> = self.sources.iter().filter(from).map(source).collect();
        if missing.is_empty() && more.is_empty() {
            return None;
        }
        let subjects = known.into_iter().map(str::to_owned).chain(missing).collect::<Vec<_>>();
        there["subjects"] = json!(subjects);
        if !more.is_empty() {
            there["sources"] = sources.into_iter().chain(more).collect();
        }
        Some(there)
    }
}

fn source((stream, subject): &(String, String)) -> Value {
    json!({ "name": stream, "filter_subject": subject })
}

fn limited(there: &Value) -> bool {
    ["max_bytes", "max_msgs", "max_msgs_per_subject"]
        .into_iter()
        .any(|limit| there[limit].as_i64().unwrap_or(-1) > 0)
}

fn strings(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
