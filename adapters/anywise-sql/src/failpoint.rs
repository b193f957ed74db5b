//! Named points at which a process can be made to die, fail or wait, so that
//! the crash tests reach every window. Without the feature `failpoints` there
//! is nothing here.
//!
//! `AW_FP=batch.before_fsync=kill@3,tx.begin=error@1,ckpt.before=delay:20@2`
//! kills at the third pass of one point, fails the first of another, and waits
//! 20 ms in each from the second on of a third.

#[cfg(not(feature = "failpoints"))]
use crate::error::Refusal;

/// Every point: those of this crate, and at the end those that the application
/// under torture passes.
const NAMES: &[&str] = &[
    "tx.begin",
    "tx.after_business",
    "tx.after_outbox",
    "tx.before_commit",
    "tx.after_commit",
    "batch.before_fsync",
    "batch.after_fsync_before_reply",
    "queue.after_claim",
    "queue.after_begin",
    "queue.before_finish",
    "queue.after_finish",
    "dead.before_insert",
    "dead.after_insert",
    "dead.replay_mid",
    "gc.mid_batch",
    "migrate.each_statement",
    "idem.after_insert",
    "inbox.after_note",
    "timer.after_claim",
    "ckpt.before",
    "ckpt.after",
    "lease.before_renew",
    "lease.after_expiry",
    "shutdown.before_release",
    "http.after_parse",
    "http.after_commit_before_reply",
    "consumer.in_handler",
    "relay.before_publish",
    "relay.after_publish",
    "shutdown.after_stop_accept",
];

/// The names of all points, whether they are compiled in or not.
pub fn names() -> &'static [&'static str] {
    NAMES
}

/// Passes the point `name`.
///
/// # Errors
/// That it was told to fail.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub(crate) async fn point(_name: &'static str) -> Result<(), Refusal> {
    Ok(())
}

/// Whether the bug `name` is planted: those that the crash tests must find.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub(crate) const fn mutant(_name: &'static str) -> bool {
    false
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::{mutant, point};

/// Passes a point outside of this crate.
#[cfg(feature = "failpoints")]
pub async fn pass(name: &'static str) {
    drop(point(name).await);
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashMap;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use anywise_core::Kind;

    use crate::error::Refusal;

    enum Act {
        Kill,
        Fail,
        Wait(Duration),
    }

    struct Armed {
        act: Act,
        at: u64,
        passes: AtomicU64,
    }

    /// Passes the point `name`.
    ///
    /// # Errors
    /// That it was told to fail.
    pub(crate) async fn point(name: &'static str) -> Result<(), Refusal> {
        let Some(armed) = points().get(name) else { return Ok(()) };
        let pass = armed.passes.fetch_add(1, Ordering::SeqCst) + 1;
        match armed.act {
            Act::Kill if pass == armed.at => kill().await,
            Act::Fail if pass == armed.at => {
                return Err(Refusal::new(Kind::Internal, "AW7021", format!("failpoint {name}")));
            }
            Act::Wait(wait) if pass >= armed.at => tokio::time::sleep(wait).await,
            _ => {}
        }
        Ok(())
    }

    /// Whether `AW_MUTANT` plants the bug `name`.
    pub(crate) fn mutant(name: &'static str) -> bool {
        static PLANTED: OnceLock<Option<String>> = OnceLock::new();
        PLANTED.get_or_init(|| std::env::var("AW_MUTANT").ok()).as_deref() == Some(name)
    }

    async fn kill() {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::future::pending::<()>().await;
    }

    fn points() -> &'static HashMap<String, Armed> {
        static POINTS: OnceLock<HashMap<String, Armed>> = OnceLock::new();
        POINTS.get_or_init(|| {
            let text = std::env::var("AW_FP").unwrap_or_default();
            text.split(',').filter(|part| !part.is_empty()).map(read).collect()
        })
    }

    /// Reads `name=act@pass`.
    fn read(part: &str) -> (String, Armed) {
        let armed = parse(part).unwrap_or_else(|| {
            panic!(
                "AW_FP: `{part}` is not `name=kill@n`, `name=error@n` or `name=delay:ms@n` of a known name"
            )
        });
        (armed.0.to_owned(), armed.1)
    }

    fn parse(part: &str) -> Option<(&str, Armed)> {
        let (name, rest) = part.split_once('=')?;
        let (act, at) = rest.split_once('@').unwrap_or((rest, "1"));
        let act = match act.split_once(':') {
            None if act == "kill" => Act::Kill,
            None if act == "error" => Act::Fail,
            Some(("delay", millis)) => Act::Wait(Duration::from_millis(millis.parse().ok()?)),
            _ => return None,
        };
        let armed = Armed { act, at: at.parse().ok()?, passes: AtomicU64::new(0) };
        super::NAMES.contains(&name).then_some((name, armed))
    }
}
