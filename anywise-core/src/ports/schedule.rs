//! Functions that run by the clock.
//!
//! A due time becomes a delivery of a [`Tick`] to the one function it belongs
//! to, so that guards, retries and dead letters are those of every delivery.
//! With a store each due time is delivered once, however many processes run.

use std::str::FromStr as _;
use std::sync::{Arc, Weak};
use std::time::Duration;

use croner::Cron;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::Inner;
use crate::envelope::{Envelope, Head};
use crate::error::Result;
use crate::message::shape::{Input, Single};
use crate::message::{Event, Message, MessageMeta, Site, Slot};
use crate::ports::relay::policy::jitter;
use crate::ports::store::delivery::Delivery;
use crate::registry::MessageEntry;

/// Says that the function it is handed to is due.
///
/// Functions with `#[schedule("..")]` take it first; nobody else can send one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tick {
    due: Timestamp,
}

impl Tick {
    /// When the function was due. It may run later, never earlier.
    pub fn due(&self) -> Timestamp {
        self.due
    }
}

#[diagnostic::do_not_recommend]
impl Message for Tick {
    const META: &'static MessageMeta =
        &MessageMeta::event("Tick", module_path!(), Site::new(file!(), line!()))
            .named("anywise.Tick")
            .docs("Says that the function it is handed to is due.");

    fn slot() -> &'static Slot {
        static SLOT: Slot = Slot::new();
        &SLOT
    }
}

#[diagnostic::do_not_recommend]
impl Event for Tick {}

#[diagnostic::do_not_recommend]
impl Input for Tick {
    type Shape = Single;
}

inventory::submit! {
    MessageEntry::event::<Tick>()
}

crate::contract!("anywise");

/// The first parameter of a function that runs by the clock: [`Tick`].
#[diagnostic::on_unimplemented(
    message = "a scheduled function takes `Tick` first",
    label = "not `Tick`",
    note = "write `tick: Tick` or `_: &Tick`; to run at a time on a message, leave a command to `Schedule<(..)>`"
)]
pub trait IsTick {}

impl IsTick for Tick {}

/// When a function is due, as a cron line of five fields (minute, hour, day of
/// the month, month, day of the week) in UTC.
pub(crate) fn parse(line: &str) -> Result<Cron, String> {
    if line.split_ascii_whitespace().count() != 5 && !line.starts_with('@') {
        return Err("it does not have five fields".to_owned());
    }
    let cron = Cron::from_str(line).map_err(|error| error.to_string())?;
    match next(&cron, Timestamp::now()) {
        Some(_) => Ok(cron),
        None => Err("it is never due".to_owned()),
    }
}

fn next(cron: &Cron, after: Timestamp) -> Option<Timestamp> {
    let after = after.to_zoned(TimeZone::UTC);
    cron.find_next_occurrence(&after, false).ok().map(|due| due.timestamp())
}

fn previous(cron: &Cron, before: Timestamp) -> Option<Timestamp> {
    let before = before.to_zoned(TimeZone::UTC);
    cron.find_previous_occurrence(&before, true).ok().map(|due| due.timestamp())
}

/// Starts a clock for each scheduled function; they end when the application
/// takes on nothing new.
pub(crate) fn start(app: &Arc<Inner>) {
    for known in &app.model.functions {
        let Some(line) = known.entry.schedule else { continue };
        // A line that is wrong is a wiring fault, found before.
        let Ok(cron) = parse(line) else { continue };
        let clock = Clock {
            app: Arc::downgrade(app),
            draining: app.draining.clone(),
            function: known.entry.id(),
            cron,
        };
        tokio::spawn(clock.run());
    }
}

/// The longest sleep: the wall clock may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_millis(5);
/// How long a store that does not answer is left alone.
const PATIENCE: Duration = Duration::from_secs(1);

struct Clock {
    app: Weak<Inner>,
    draining: CancellationToken,
    function: &'static str,
    cron: Cron,
}

impl Clock {
    async fn run(self) {
        let mut missed = self.missed().await;
        loop {
            let now = Timestamp::now();
            let Some(due) = missed.take().or_else(|| next(&self.cron, now)) else { return };
            while Timestamp::now() < due {
                let left = Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default();
                tokio::select! {
                    () = self.draining.cancelled() => return,
                    () = tokio::time::sleep(left.clamp(SHORTEST, LONGEST)) => {}
                }
            }
            while let Err(error) = self.fire(due).await {
                tracing::error!(function = self.function, %error, "a due time could not be kept; trying again");
                tokio::select! {
                    () = self.draining.cancelled() => return,
                    () = tokio::time::sleep(jitter(PATIENCE)) => {}
                }
            }
            if self.app.strong_count() == 0 || self.draining.is_cancelled() {
                return;
            }
        }
    }

    /// The latest due time that passed while nothing ran. It is made up for
    /// once; a schedule that never ran has missed nothing.
    async fn missed(&self) -> Option<Timestamp> {
        let store = self.app.upgrade()?.store.clone()?;
        let last = store.last_fired(self.function).await.ok()??;
        previous(&self.cron, Timestamp::now()).filter(|due| *due > last)
    }

    async fn fire(&self, due: Timestamp) -> Result<()> {
        let Some(app) = self.app.upgrade() else { return Ok(()) };
        let id = Uuid::new_v5(&Uuid::nil(), format!("{}@{due}", self.function).as_bytes());
        let mut head = Head { id: Some(id), ..Head::default() };
        let envelope: Envelope = crate::codec::seal(&Tick { due }, app.codecs.first(), &mut head)?;
        let delivery = Delivery::new(self.function, envelope);
        if let Some(store) = &app.store {
            return store.fire(self.function, due, delivery).await.map(drop);
        }
        let entered = app.in_flight.enter();
        tokio::spawn(async move {
            if let Err(error) = crate::walk::receive::deliver(&app, &delivery, None).await {
                tracing::error!(function = delivery.target, %error, "a scheduled function failed");
            }
            drop(entered);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_five_fields_and_is_due_some_time() {
        assert!(parse("0 3 * * *").is_ok());
        assert!(parse("*/5 * * * 1-5").is_ok());
        for wrong in ["", "* * * *", "61 * * * *", "0 3 * * * *", "0 0 30 2 *", "noon"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn due_times_are_in_utc_and_follow_each_other() {
        let cron = parse("0 3 * * *").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(next(&cron, at("2026-11-21T03:00:00Z")), Some(at("2026-11-22T03:00:00Z")));
        assert_eq!(previous(&cron, at("2026-11-21T02:59:59Z")), Some(at("2026-11-20T03:00:00Z")));
        assert_eq!(previous(&cron, at("2026-11-21T03:00:00Z")), Some(at("2026-11-21T03:00:00Z")));
    }
}
