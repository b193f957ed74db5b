//! A table of figures, each against its bar where it has one.

use std::time::Duration;

/// Prints figures as they are measured.
#[derive(Debug)]
pub struct Table {
    only: Option<String>,
}

impl Table {
    /// Prints the head of a table; of its figures only those whose names contain
    /// `only` are wanted.
    pub fn begin(only: Option<String>) -> Self {
        println!("{:<62} {:>12} {:>12} {:>12} {:>12}", "figure", "bar", "measured", "ours", "bare");
        Self { only }
    }

    /// Whether a figure is to be measured.
    pub fn wants(&self, figure: &str) -> bool {
        self.only.as_ref().is_none_or(|only| figure.contains(only))
    }

    /// The median ratio of pairs of rates, ours and the bare thing's; the higher the
    /// better.
    pub fn ratio(figure: &str, bar: Option<f64>, mut pairs: Vec<(f64, f64)>) {
        let (ours, bare) = median(&mut pairs);
        let (ours_text, bare_text) = (format!("{ours:.0}/s"), format!("{bare:.0}/s"));
        let met = bar.is_none_or(|bar| ours / bare >= bar);
        let bar = bar.map(|bar| format!(">= {bar}")).unwrap_or_default();
        row(figure, &bar, &format!("{:.3}", ours / bare), &ours_text, &bare_text, met);
    }

    /// The same of times in seconds; the lower the better.
    pub fn times(figure: &str, bar: f64, mut pairs: Vec<(f64, f64)>) {
        let (ours, bare) = median(&mut pairs);
        let [ours_text, bare_text] =
            [ours, bare].map(|seconds| format!("{:.0?}", Duration::from_secs_f64(seconds)));
        let measured = format!("{:.3}", ours / bare);
        row(figure, &format!("<= {bar}"), &measured, &ours_text, &bare_text, ours / bare <= bar);
    }

    /// How much later ours is, the less the better.
    pub fn beyond(figure: &str, bar: Duration, ours: Duration, bare: Duration) {
        let beyond = ours.saturating_sub(bare);
        let [beyond_text, ours, bare] = [beyond, ours, bare].map(|time| format!("{time:.1?}"));
        row(figure, &format!("<= {bar:?}"), &beyond_text, &ours, &bare, beyond <= bar);
    }

    /// A value, with its bar in words.
    pub fn value(figure: &str, bar: &str, value: &str, ours: &str, bare: &str, met: bool) {
        row(figure, bar, value, ours, bare, met);
    }
}

fn row(figure: &str, bar: &str, measured: &str, ours: &str, bare: &str, met: bool) {
    let verdict = if met { "" } else { "  misses the bar" };
    println!("{figure:<62} {bar:>12} {measured:>12} {ours:>12} {bare:>12}{verdict}");
}

/// The pair whose ratio is the median.
fn median(pairs: &mut [(f64, f64)]) -> (f64, f64) {
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    pairs[pairs.len() / 2]
}
