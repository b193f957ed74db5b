//! The figures that every broker has, one function each.

use std::time::Duration;

use bench::Table;

use crate::Cli;
use crate::broker::{Broker, Done, Hand};
use crate::ours::shop::Sold;
use crate::place::{Place, Side};
use crate::rounds::{part, rounds};
use crate::tally::Tally;

/// Events of a round that are published one at a time.
const ALONE: usize = 400;

const BARE: Side = Side::Bare(Hand::Plain);

/// The least of the bare client's rate.
const BAR: Option<f64> = Some(0.9);

/// Publish with confirmations.
pub(crate) async fn publish<B: Broker>(table: &Table, cli: &Cli, place: &Place<B>) -> Done {
    for (figure, wide, count) in
        [("publish, one at a time", 1, ALONE), ("publish, 256 in flight", 256, cli.events)]
    {
        if !table.wants(figure) {
            continue;
        }
        let sides = sides(B::SAME.is_some());
        let rates = rounds(cli.rounds, &sides, async |side| {
            let rate = place.publish(side, wide, count).await?;
            place.purge().await?;
            Ok(rate)
        });
        report::<B>(figure, &rates.await?);
    }
    Ok(())
}

/// Consume with acknowledgements, from the first to the last.
pub(crate) async fn consume<B: Broker>(table: &Table, cli: &Cli, place: &Place<B>) -> Done {
    let figure = "consume with acknowledgements";
    if !table.wants(figure) {
        return Ok(());
    }
    // From one queue for both the bare client gets the same headers anyway.
    let sides = sides(B::SAME.is_some() && !B::SHARED);
    let rates = rounds(cli.rounds, &sides, async |side| place.consume(side, cli.events).await);
    report::<B>(figure, &rates.await?);
    Ok(())
}

fn sides(same: bool) -> Vec<Side> {
    let mut sides = vec![Side::App, Side::Adapter, BARE];
    sides.extend(same.then_some(Side::Bare(Hand::Same)));
    sides
}

/// A line for each comparison: the sides are in the order of [`sides`].
fn report<B: Broker>(figure: &str, rates: &[Vec<f64>]) {
    let pairs = |ours: usize, bare: usize| rates.iter().map(|rates| (rates[ours], rates[bare])).collect();
    Table::ratio(&format!("{figure} / bare"), BAR, pairs(0, 2));
    if let Some(same) = B::SAME.filter(|_| rates[0].len() > 3) {
        Table::ratio(&format!("{figure} / bare with the {same}"), None, pairs(0, 3));
    }
    Table::ratio(&format!("{figure}, the adapter alone / bare"), None, pairs(1, 2));
}

/// Consume through an inbox, from the first that is handled to the last.
pub(crate) async fn into_a_store<B: Broker>(table: &Table, cli: &Cli, place: &Place<B>) -> Done {
    let figure = "consume into a store (SQLite) / bare consume";
    if !table.wants(figure) {
        return Ok(());
    }
    let sides = [Side::Store, BARE];
    let rates = rounds(cli.rounds, &sides, async |side| place.consume(side, cli.events).await);
    let pairs = rates.await?.into_iter().map(|rates| (rates[0], rates[1])).collect();
    Table::ratio(figure, B::STORE_BAR, pairs);
    Ok(())
}

/// How late messages come that come seldom.
pub(crate) async fn trickle<B: Broker>(table: &Table, cli: &Cli, place: &Place<B>) -> Done {
    let figure = "8 messages a second, p99 beyond bare";
    if !table.wants(figure) {
        return Ok(());
    }
    let sides = [Side::App, BARE];
    let waits = rounds(cli.rounds, &sides, async |side| trickled(place, side, cli.seconds * 8).await);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for mut round in waits.await? {
        bare.append(&mut round[1]);
        ours.append(&mut round[0]);
    }
    for (figure, of_hundred) in [("8 messages a second, p50 beyond bare", 50), (figure, 99)] {
        let (ours, bare) = (part(ours.clone(), of_hundred), part(bare.clone(), of_hundred));
        Table::beyond(figure, Duration::from_millis(20), ours, bare);
    }
    Ok(())
}

/// From before each of `count` is published until it is handled.
async fn trickled<B: Broker>(place: &Place<B>, side: Side, count: usize) -> Done<Vec<Duration>> {
    let tally = Tally::new(count + 1);
    let consuming = place.begin(side, &tally, count + 1).await?;
    // The first one is not timed: it comes when the consumer is there.
    place.publish_one(side, Sold::new(0, 0)).await?;
    tally.begun().await;
    let mut tick = tokio::time::interval(Duration::from_millis(125));
    for number in 1..=count {
        tick.tick().await;
        place.publish_one(side, Sold::new(number, tally.now())).await?;
    }
    consuming.end(&tally).await?;
    place.purge().await?;
    Ok(tally.late())
}
