//! Whether the server keeps what it has confirmed, from its own settings.

use std::collections::HashMap;

use anywise_core::{Error, Kind, Result};
use redis::{Cmd, Value, cmd};

use crate::config::Settings;
use crate::connection::Connection;
use crate::entry::text;
use crate::error::refused;

/// The oldest server: what its commands answer changed before.
const OLDEST: (u64, u64) = (7, 0);
/// The first that tells when what was written is synced (`WAITAOF`).
const SYNCS: (u64, u64) = (7, 2);

/// What was found out about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// What it has confirmed survives a crash.
    pub(crate) durable: bool,
    /// What has to be waited for.
    pub(crate) confirm: Confirm,
}

/// What has to be waited for after the answer, until an event counts as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// Nothing.
    Answer,
    /// That so many replicas have it.
    Replicas(u32),
    /// That it is synced here, and on so many replicas.
    Sync(u32),
}

impl Confirm {
    /// The command that waits, at most as long as this.
    pub(crate) fn command(self, at_most: std::time::Duration) -> Option<Cmd> {
        let wait = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX).max(1);
        match self {
            Self::Answer => None,
            Self::Replicas(count) => Some(cmd("WAIT").arg(count).arg(wait).to_owned()),
            Self::Sync(count) => Some(cmd("WAITAOF").arg(1).arg(count).arg(wait).to_owned()),
        }
    }

    /// Whether the answer to it says that it is so.
    pub(crate) fn is_met(self, answer: &Value) -> bool {
        let at_least = |value: &Value, count: u32| matches!(value, Value::Int(n) if *n >= i64::from(count));
        match (self, answer) {
            (Self::Answer, _) => true,
            (Self::Replicas(count), answer) => at_least(answer, count),
            (Self::Sync(count), Value::Array(both)) => match both.as_slice() {
                [here, there] => at_least(here, 1) && at_least(there, count),
                _ => false,
            },
            (Self::Sync(_), _) => false,
        }
    }
}

/// Asks the server for its version and settings.
///
/// # Errors
/// `Unavailable`: it does not answer. `AW3023`: it may lose what it has
/// confirmed, and that was not accepted. Another: it is too old.
pub(crate) async fn examine(connection: &Connection, settings: &Settings) -> Result<Facts> {
    let address = connection.address();
    let version = version(connection).await?;
    if version < OLDEST {
        let why = format!("version {}.{} is too old: 7.0 is the oldest", version.0, version.1);
        return Err(refused(Kind::Unprocessable, address, why));
    }
    let said = config(connection).await?;
    match judge(said.as_ref(), version, settings.replicas) {
        // Who accepts less does not want to wait for it.
        Ok(Confirm::Sync(0)) if settings.weaker => Ok(Facts { durable: false, confirm: Confirm::Answer }),
        Ok(confirm) => Ok(Facts { durable: true, confirm }),
        Err(why) if settings.weaker => {
            tracing::warn!(address, why, "what this server has confirmed may be lost");
            Ok(Facts { durable: false, confirm: replicas(settings.replicas) })
        }
        Err(why) => Err(not_durable(address, &why)),
    }
}

fn not_durable(address: &str, why: &str) -> Error {
    let text = format!(
        "Redis at {address} may lose what it has confirmed: {why}; mend it, or accept it with \
         `accept_weaker_durability`"
    );
    Error::new(Kind::Internal, "AW3023", text)
}

fn replicas(count: u32) -> Confirm {
    if count == 0 { Confirm::Answer } else { Confirm::Replicas(count) }
}

/// How sends are confirmed by a server with these settings, or why they may be
/// lost.
fn judge(
    said: Option<&HashMap<String, String>>,
    version: (u64, u64),
    count: u32,
) -> std::result::Result<Confirm, String> {
    let Some(said) = said else { return Err("it does not let us read its settings (`CONFIG GET`)".into()) };
    let get = |name: &str| said.get(name).map_or("", String::as_str);
    if get("maxmemory") != "0" && get("maxmemory-policy").starts_with("allkeys") {
        return Err(format!("`maxmemory-policy` is `{}`: it may evict streams", get("maxmemory-policy")));
    }
    match (get("appendonly"), get("appendfsync")) {
        ("yes", "always") if count == 0 => Ok(Confirm::Answer),
        ("yes", "always" | "everysec") if version >= SYNCS => Ok(Confirm::Sync(count)),
        ("yes", "always") => Ok(Confirm::Replicas(count)),
        ("yes", sync) => Err(format!("`appendfsync` is `{sync}`, and should be `always`")),
        _ => Err("it has no append-only file (`appendonly yes`)".into()),
    }
}

/// Its version; the oldest we know if it does not say.
async fn version(connection: &Connection) -> Result<(u64, u64)> {
    let info = match connection.ask("asking for its version", cmd("INFO").arg("server")).await {
        Ok(info) => text(info),
        Err(error) if error.kind() == Kind::Forbidden => return Ok(OLDEST),
        Err(error) => return Err(error),
    };
    Ok(info.lines().find_map(|line| parse(line.strip_prefix("redis_version:")?)).unwrap_or(OLDEST))
}

fn parse(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim().split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// What it says of its settings; nothing if it does not say.
async fn config(connection: &Connection) -> Result<Option<HashMap<String, String>>> {
    let mut get = cmd("CONFIG");
    get.arg("GET").arg(&["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"]);
    let answer = match connection.ask("asking for its settings", &get).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == Kind::Unavailable || error.kind() == Kind::Unauthenticated => {
            return Err(error);
        }
        // Forbidden, or not known to a managed server.
        Err(_) => return Ok(None),
    };
    let Value::Array(said) = answer else { return Ok(None) };
    let mut said = said.into_iter().map(text);
    let mut settings = HashMap::new();
    while let (Some(name), Some(value)) = (said.next(), said.next()) {
        settings.insert(name, value);
    }
    Ok((!settings.is_empty()).then_some(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        said: &[(&str, &str)],
        version: (u64, u64),
        count: u32,
        expected: std::result::Result<Confirm, &str>,
    ) {
        let mut all = HashMap::from([("maxmemory".to_owned(), "0".to_owned())]);
        all.extend(said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        match (judge(Some(&all), version, count), expected) {
            (Ok(confirm), Ok(expected)) => assert_eq!(confirm, expected),
            (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        }
    }

    const ALWAYS: [(&str, &str); 2] = [("appendonly", "yes"), ("appendfsync", "always")];
    const EVERYSEC: [(&str, &str); 2] = [("appendonly", "yes"), ("appendfsync", "everysec")];

    #[test]
    fn what_is_waited_for_follows_from_the_settings() {
        check(&ALWAYS, (7, 0), 0, Ok(Confirm::Answer));
        check(&ALWAYS, (7, 0), 2, Ok(Confirm::Replicas(2)));
        check(&ALWAYS, (7, 2), 2, Ok(Confirm::Sync(2)));
        check(&EVERYSEC, (7, 2), 0, Ok(Confirm::Sync(0)));
        check(&EVERYSEC, (8, 0), 1, Ok(Confirm::Sync(1)));
    }

    #[test]
    fn what_may_be_lost_is_said() {
        check(&EVERYSEC, (7, 0), 0, Err("everysec"));
        check(&[("appendonly", "yes"), ("appendfsync", "no")], (7, 2), 0, Err("`no`"));
        check(&[("appendonly", "no"), ("appendfsync", "always")], (7, 2), 0, Err("append-only"));
        let evicts = [ALWAYS[0], ALWAYS[1], ("maxmemory", "100"), ("maxmemory-policy", "allkeys-lru")];
        check(&evicts, (7, 2), 0, Err("evict"));
        assert!(judge(None, (7, 2), 0).unwrap_err().contains("CONFIG"));
    }

    #[test]
    fn an_answer_counts_if_enough_have_it() {
        let both = |here, there| Value::Array(vec![Value::Int(here), Value::Int(there)]);
        for (confirm, answer, met) in [
            (Confirm::Sync(0), both(1, 0), true),
            (Confirm::Sync(0), both(0, 3), false),
            (Confirm::Sync(2), both(1, 1), false),
            (Confirm::Sync(0), Value::Int(1), false),
            (Confirm::Replicas(2), Value::Int(2), true),
            (Confirm::Replicas(2), Value::Int(1), false),
            (Confirm::Answer, Value::Nil, true),
        ] {
            assert_eq!(confirm.is_met(&answer), met, "{confirm:?} {answer:?}");
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("7.0.15\r"), Some((7, 0)));
        assert_eq!(parse("8.2.1"), Some((8, 2)));
        assert_eq!(parse("unstable"), None);
    }
}
