//! Rounds in turns, and what their rates are made of.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::broker::Done;

/// Measures each side in each round; the values of a round stand together. One
/// round more goes before, and does not count.
pub(crate) async fn rounds<S: Copy, T>(
    rounds: usize,
    sides: &[S],
    mut measure: impl AsyncFnMut(S) -> Done<T>,
) -> Done<Vec<Vec<T>>> {
    let mut all = Vec::new();
    for round in 0..=rounds {
        let mut values: Vec<_> = sides.iter().map(|_| None).collect();
        // Each round begins with another side and goes the other way, so that none
        // is always the warmer, or always behind the same one.
        for step in 0..sides.len() {
            let step = if round % 2 == 0 { step } else { sides.len() - step };
            let at = (round / 2 + step) % sides.len();
            values[at] = Some(measure(sides[at]).await?);
        }
        all.push(values.into_iter().flatten().collect());
    }
    all.remove(0);
    Ok(all)
}

/// Keeps `wide` of `count` calls under way; how many a second.
pub(crate) async fn window<F: Future<Output = Done>>(
    count: usize,
    wide: usize,
    mut call: impl FnMut(usize) -> F,
) -> Done<f64> {
    let (began, mut sent, mut flight) = (Instant::now(), 0, FuturesUnordered::new());
    while sent < count || !flight.is_empty() {
        while sent < count && flight.len() < wide {
            flight.push(call(sent));
            sent += 1;
        }
        flight.next().await.ok_or("none is under way")??;
    }
    Ok(rate(count, began.elapsed()))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// The value that so many of a hundred do not exceed.
pub(crate) fn part(mut all: Vec<Duration>, of_hundred: usize) -> Duration {
    all.sort();
    all[(all.len() * of_hundred).div_ceil(100) - 1]
}
