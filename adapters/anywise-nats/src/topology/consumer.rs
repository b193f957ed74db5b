//! A group: a durable consumer of the events' stream, which pulls and settles
//! each event by itself.

use std::collections::BTreeSet;

use anywise_core::{Result, Subscription};
use serde_json::{Value, json};

use super::stream::nanos;
use crate::Nats;
use crate::connection::Connection;
use crate::error::{conflict, unusable};
use crate::pull::PINNED;

/// Creates the group's consumer, or has the one that is there listen to what
/// the group listens to now. What waits for it is kept.
///
/// The first time a process declares a group, its word counts: what it does not
/// listen to any more is not brought to it. After that it only adds: another
/// process, of a newer version, may have added in the meantime.
pub(crate) async fn declare(nats: &Nats, connection: &Connection, group: &Subscription) -> Result<()> {
    let names = &nats.config.names;
    let (stream, name) = (names.stream(), names.consumer(&group.group));
    let subjects = subjects(nats, group)?;
    let before = nats.declared.has(&group.group);
    let info = connection.ask_for(format!("CONSUMER.INFO.{stream}.{name}"), &json!({})).await?;
    let wanted = match info {
        None => Some(new(nats, &name, &group.group, &subjects)),
        Some(info) => changed(nats, &group.group, &subjects, before, &info["config"])?,
    };
    let Some(wanted) = wanted else {
        nats.declared.add(&group.group);
        return Ok(());
    };
    let request = json!({ "stream_name": stream, "config": wanted });
    let made = connection.ask(format!("CONSUMER.CREATE.{stream}.{name}"), &request).await?;
    let kept = filters(&made["config"]);
    if subjects.iter().all(|subject| kept.contains(subject)) {
        nats.declared.add(&group.group);
        return Ok(());
    }
    Err(conflict(format!(
        "the server took `{subjects:?}` for the group `{}` and keeps `{kept:?}`",
        group.group
    )))
}

/// What comes to a group: its events, and those of foreign producers.
fn subjects(nats: &Nats, group: &Subscription) -> Result<BTreeSet<String>> {
    let config = &nats.config;
    if group.events.is_empty() {
        return Err(unusable("the group", &group.group, "it listens to nothing"));
    }
    let own = group.events.iter().map(|name| config.names.event(name));
    let foreign = config.foreign.iter().filter(|(_, name)| group.events.contains(name));
    own.chain(foreign.map(|(subject, _)| Ok(subject.clone()))).collect()
}

fn new(nats: &Nats, name: &str, group: &str, subjects: &BTreeSet<String>) -> Value {
    let config = &nats.config;
    let mut new = json!({
        "name": name,
        "durable_name": name,
        "deliver_policy": if config.replay { "all" } else { "new" },
        "ack_policy": "explicit",
        "replay_policy": "instant",
        "max_deliver": -1,
        "metadata": { "anywise-group": group },
    });
    if config.ordered {
        new["priority_policy"] = json!("pinned_client");
        new["priority_groups"] = json!([PINNED]);
    }
    own(nats, &mut new, subjects);
    new
}

/// The settings that are the group's own, and may change.
fn own(nats: &Nats, consumer: &mut Value, subjects: &BTreeSet<String>) {
    let config = &nats.config;
    consumer["filter_subjects"] = json!(subjects);
    consumer["ack_wait"] = json!(nanos(config.hold));
    consumer["max_ack_pending"] = json!(config.unsettled);
    if config.ordered {
        // Longer than what a process that ended held is held: that comes first.
        consumer["priority_timeout"] = json!(nanos(config.hold * 2));
    }
}

/// What is there as it should be; nothing if it is so.
fn changed(
    nats: &Nats,
    group: &str,
    subjects: &BTreeSet<String>,
    before: bool,
    there: &Value,
) -> Result<Option<Value>> {
    compare(nats, group, there)?;
    let mut subjects = subjects.clone();
    if before {
        subjects.extend(filters(there));
    }
    let mut wanted = there.clone();
    if let Some(fields) = wanted.as_object_mut() {
        fields.remove("filter_subject");
    }
    own(nats, &mut wanted, &subjects);
    wanted["max_deliver"] = json!(-1);
    let same = filters(there) == subjects
        && ["ack_wait", "max_ack_pending", "max_deliver", "priority_timeout"]
            .into_iter()
            .all(|field| there[field] == wanted[field]);
    Ok((!same).then_some(wanted))
}

fn compare(nats: &Nats, group: &str, there: &Value) -> Result<()> {
    let wrong = |what: &str| {
        let stream = nats.config.names.stream();
        let name = nats.config.names.consumer(group);
        conflict(format!(
            "the consumer `{name}` of the stream `{stream}` {what}; remove it with `nats consumer rm {stream} \
             {name}`, which forgets what waits for the group, or name the group otherwise"
        ))
    };
    if there["ack_policy"] != "explicit" {
        return Err(wrong("does not settle each event by itself"));
    }
    if there["deliver_subject"].is_string() {
        return Err(wrong("is pushed to, not pulled from"));
    }
    let pinned = there["priority_policy"] == "pinned_client";
    if nats.config.ordered && !pinned {
        return Err(wrong("is shared by all processes of its group, and `ordered` is asked for"));
    }
    if !nats.config.ordered && pinned {
        return Err(wrong("gives its events to one process at a time; say `ordered`"));
    }
    Ok(())
}

/// What a consumer brings, however it says so.
fn filters(there: &Value) -> BTreeSet<String> {
    let many = there["filter_subjects"].as_array().into_iter().flatten();
    let one = std::iter::once(&there["filter_subject"]);
    let all = many.chain(one).filter_map(Value::as_str).filter(|subject| !subject.is_empty());
    all.map(str::to_owned).collect()
}
