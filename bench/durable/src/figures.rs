//! The figures, one function each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anywise::{Batch, Delivery, Envelope};
use bench::Table;

use crate::Cli;
use crate::bare::Bare;
use crate::ours::{self, Count, effect, plain, stuck};
use crate::place::Place;

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;
type Rate = Result<f64, Box<dyn std::error::Error + Send + Sync>>;

/// Commits of one caller alone.
const CALLS: usize = 400;

/// Callers at one time, and rows a commit by hand.
const CALLERS: usize = 64;

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Durable publish with 64 concurrent callers.
pub(crate) async fn publish(table: &Table, place: &Place, cli: &Cli) -> Done {
    let figure = "publish, 64 callers / batches of 64 by hand";
    if !table.wants(figure) {
        return Ok(());
    }
    let mut pairs = Vec::new();
    for _ in 0..cli.rounds {
        pairs.push((publish_ours(place, cli.events).await?, publish_bare(place, cli.events).await?));
    }
    Table::ratio(figure, Some(0.7), pairs);
    Ok(())
}

async fn publish_ours(place: &Place, events: usize) -> Rate {
    let database = place.database()?;
    let app = ours::app(stuck::SLICE, database.store().await?, &Arc::default()).await?;
    let began = Instant::now();
    ours::publish(&app, CALLERS, events, stuck::Happened::new).await?;
    let took = began.elapsed();
    app.stop(Duration::ZERO).await;
    database.remove().await?;
    Ok(rate(events, took))
}

async fn publish_bare(place: &Place, events: usize) -> Rate {
    let database = place.database()?;
    database.tables().await?;
    let mut bare = Bare::open(&database).await?;
    let began = Instant::now();
    for from in (0..events).step_by(CALLERS) {
        bare.insert(from, CALLERS).await?;
    }
    let took = began.elapsed();
    drop(bare);
    database.remove().await?;
    Ok(rate(events, took))
}

/// One caller alone: how much longer than one bare commit.
pub(crate) async fn alone(table: &Table, place: &Place, _: &Cli) -> Done {
    let figure = "publish alone, p50 beyond one bare commit";
    if !table.wants(figure) {
        return Ok(());
    }
    let (ours_at, bare_at) = (place.database()?, place.database()?);
    let app = ours::app(stuck::SLICE, ours_at.store().await?, &Arc::default()).await?;
    bare_at.tables().await?;
    let mut bare = Bare::open(&bare_at).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..CALLS {
        let began = Instant::now();
        ours::publish(&app, 1, 1, stuck::Happened::new).await?;
        with.push(began.elapsed());
        let began = Instant::now();
        bare.insert(n, 1).await?;
        without.push(began.elapsed());
    }
    with.sort();
    without.sort();
    let (a, b) = (with[CALLS / 2], without[CALLS / 2]);
    let beyond = a.saturating_sub(b);
    let met = beyond <= Duration::from_millis(2);
    Table::value(figure, "<= 2 ms", &format!("{beyond:.0?}"), &format!("{a:.0?}"), &format!("{b:.0?}"), met);
    app.stop(Duration::ZERO).await;
    drop(bare);
    ours_at.remove().await?;
    bare_at.remove().await
}

/// From publish to the listener's effect committed.
pub(crate) async fn end_to_end(table: &Table, place: &Place, cli: &Cli) -> Done {
    for (figure, with_effect) in [
        ("publish to effect committed (Tx) / insert, claim, effect, mark", true),
        ("publish to handled (no Tx) / insert, claim, mark", false),
    ] {
        if !table.wants(figure) {
            continue;
        }
        let mut pairs = Vec::new();
        for _ in 0..cli.rounds {
            let ours = end_to_end_ours(place, cli.events, with_effect).await?;
            pairs.push((ours, end_to_end_bare(place, cli.events, with_effect).await?));
        }
        Table::ratio(figure, with_effect.then_some(0.35), pairs);
    }
    Ok(())
}

async fn end_to_end_ours(place: &Place, events: usize, with_effect: bool) -> Rate {
    let database = place.database()?;
    let slice = if with_effect { effect::SLICE } else { plain::SLICE };
    let app = ours::app(slice, database.store().await?, &Arc::default()).await?;
    let began = Instant::now();
    if with_effect {
        ours::publish(&app, CALLERS, events, effect::Happened::new).await?;
    } else {
        ours::publish(&app, CALLERS, events, plain::Happened::new).await?;
    }
    app.settled().await;
    let took = began.elapsed();
    app.stop(Duration::from_secs(5)).await;
    database.remove().await?;
    Ok(rate(events, took))
}

async fn end_to_end_bare(place: &Place, events: usize, with_effect: bool) -> Rate {
    let database = place.database()?;
    database.tables().await?;
    let mut bare = Bare::open(&database).await?;
    let began = Instant::now();
    for from in (0..events).step_by(CALLERS) {
        bare.insert(from, CALLERS).await?;
        let ids = bare.claim(64).await?;
        bare.finish(&ids, with_effect).await?;
    }
    let took = began.elapsed();
    drop(bare);
    database.remove().await?;
    Ok(rate(events, took))
}

/// The relay over 100 000 rows that wait.
pub(crate) async fn relay(table: &Table, place: &Place, _: &Cli) -> Done {
    let figure = "relay over 100 000 rows";
    if !table.wants(figure) {
        return Ok(());
    }
    let (tenths, _) = drain(place, 100_000).await?;
    let took: Duration = tenths.iter().sum();
    let rows = rate(100_000, took);
    Table::value(figure, ">= 10000/s", &format!("{rows:.0}/s"), "", "", rows >= 10_000.0);
    Ok(())
}

/// A long backlog: as fast at its end as at its beginning, in bounded memory.
pub(crate) async fn backlog(table: &Table, place: &Place, cli: &Cli) -> Done {
    let figure = format!("backlog of {} rows, last tenth / first tenth", cli.backlog);
    if !table.wants(&figure) {
        return Ok(());
    }
    let (tenths, grown) = drain(place, cli.backlog).await?;
    let ratio = tenths[0].as_secs_f64() / tenths[9].as_secs_f64();
    let first = format!("{:.0}/s", rate(cli.backlog / 10, tenths[0]));
    let last = format!("{:.0}/s", rate(cli.backlog / 10, tenths[9]));
    Table::value(&figure, ">= 0.90", &format!("{ratio:.2}"), &last, &first, ratio >= 0.9);
    Table::value(
        "the same, memory grown while it drains",
        "<= 64 MiB",
        &format!("{grown:.1} MiB"),
        "",
        "",
        grown <= 64.0,
    );
    Ok(())
}

/// Fills a store with `rows` and lets an application drain it: the time of each
/// tenth, and by how many MiB it grew.
async fn drain(
    place: &Place,
    rows: usize,
) -> Result<(Vec<Duration>, f64), Box<dyn std::error::Error + Send + Sync>> {
    const AT_ONCE: usize = 1_000;
    let database = place.database()?;
    let store = database.store().await?;
    store.open(&[]).await?;
    for from in (0..rows).step_by(AT_ONCE) {
        let mut batch = Batch::default();
        batch.append = (from..from + AT_ONCE)
            .map(|n| {
                let body = format!(r#"{{"n":{n},"account":"account-{n}","text":"a row of the backlog"}}"#);
                Delivery::new("bench_durable::ours::plain::counts", Envelope::json("bench.Plain", body))
            })
            .collect();
        store.commit(batch).await?;
    }
    let (count, before) = (Arc::new(Count::default()), resident());
    let mut began = Instant::now();
    let app = ours::app(plain::SLICE, store, &count).await?;
    let (mut tenths, mut most) = (Vec::new(), before);
    for tenth in 1..=10 {
        count.reach(rows / 10 * tenth).await;
        tenths.push(began.elapsed());
        began = Instant::now();
        most = most.max(resident());
    }
    app.stop(Duration::from_secs(30)).await;
    database.remove().await?;
    Ok((tenths, most - before))
}

/// Memory of this process in MiB, where the system says.
#[expect(clippy::cast_precision_loss, reason = "pages are far below 2^52")]
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages as f64 * 4096.0 / (1024.0 * 1024.0)
}
