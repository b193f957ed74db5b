//! A table of figures, each against its bar.

/// Prints figures.
pub(crate) struct Table {
    only: Option<String>,
}

impl Table {
    pub(crate) fn begin(only: Option<String>) -> Self {
        println!("{:<62} {:>12} {:>12} {:>12} {:>12}", "figure", "bar", "measured", "ours", "bare");
        Self { only }
    }

    pub(crate) fn wants(&self, figure: &str) -> bool {
        self.only.as_ref().is_none_or(|only| figure.contains(only))
    }

    /// A ratio of two rates, the higher the better.
    pub(crate) fn ratio(figure: &str, bar: f64, mut pairs: Vec<(f64, f64)>) {
        pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, bare) = pairs[pairs.len() / 2];
        let verdict = if ours / bare >= bar { "" } else { "  under the bar" };
        println!(
            "{figure:<62} {:>12} {:>12.2} {ours:>10.0}/s {bare:>10.0}/s{verdict}",
            format!(">= {bar:.2}"),
            ours / bare
        );
    }

    /// A plain value with its bar in words.
    pub(crate) fn value(figure: &str, bar: &str, value: &str, ours: &str, bare: &str, met: bool) {
        let verdict = if met { "" } else { "  misses the bar" };
        println!("{figure:<62} {bar:>12} {value:>12} {ours:>12} {bare:>12}{verdict}");
    }
}
