//! Events: zero to many listeners, publish policies, answers that are commands.

use std::sync::Mutex;

use anywise::prelude::*;
use anywise::{PublishError, PublishPolicy};

anywise::slice!(SLICE = "garden", "Waters what is dry.");

/// A bed was measured.
#[event]
struct Measured {
    bed: u8,
    moisture: u8,
}

/// Water a bed.
#[command]
struct Water {
    bed: u8,
}

/// What happened, in order.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().expect("no writer panics").push(line);
    }
}

#[listen]
fn a_diary(event: &Measured, diary: &Diary) {
    diary.note(format!("bed {} has {} %", event.bed, event.moisture));
}

/// Fails for one bed; the other listeners do not notice.
#[listen]
fn b_sensor(event: &Measured) -> Result<()> {
    if event.moisture > 100 { Err(Error::internal("the sensor is broken")) } else { Ok(()) }
}

/// Answers with a command, which is dispatched like any other: choreography.
#[listen]
fn c_dry(event: &Measured) -> Option<Water> {
    (event.moisture < 20).then_some(Water { bed: event.bed })
}

#[handler]
fn water(cmd: &Water, diary: &Diary) {
    diary.note(format!("bed {} was watered", cmd.bed));
}

async fn app(policy: PublishPolicy) -> Result<App> {
    Ok(App::builder().slices([SLICE]).provide(Diary::default()).publish_policy(policy).build().await?)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    // All listeners at once is the default; `publish` ends when the last one has.
    let app = app(PublishPolicy::Concurrent).await?;
    app.publish(Measured { bed: 1, moisture: 12 }).await?;

    // Failures do not hide each other: one error holds them all, by listener.
    let error = app.publish(Measured { bed: 2, moisture: 255 }).await.expect_err("the sensor failed");
    let failed = error.downcast_ref::<PublishError>().expect("`publish` failed in a listener");
    assert_eq!(failed.failures().len(), 1);
    println!("{failed}");

    // One after the other, by stable id, until one fails: `c_dry` is not reached.
    let app = self::app(PublishPolicy::StopAtFirst).await?;
    app.publish(Measured { bed: 3, moisture: 255 }).await.expect_err("the sensor failed");
    Ok(())
}
