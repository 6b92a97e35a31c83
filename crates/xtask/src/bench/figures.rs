//! Figures and how they are printed.

/// The middle one of some figures, the mean of the two in the middle where their number is even; 0 of none.
pub(super) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let upper = figures.get(figures.len() / 2).copied().unwrap_or(0.0);
    if figures.len() % 2 == 1 {
        return upper;
    }
    let lower = figures.len().checked_sub(2).and_then(|_| figures.get(figures.len() / 2 - 1)).copied();
    lower.map_or(upper, |lower| f64::midpoint(lower, upper))
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
pub(super) fn figure(count: u64) -> f64 {
    count as f64
}

/// Bytes in MiB.
pub(super) fn mebibytes(bytes: u64) -> f64 {
    figure(bytes) / f64::from(1 << 20)
}

/// How many times larger `helm` is than `pintle`; 0 where that cannot be said.
pub(super) fn ratio(helm: f64, pintle: f64) -> f64 {
    if pintle > 0.0 { helm / pintle } else { 0.0 }
}

/// A row of a Markdown table.
pub(super) fn row(cells: &[String]) {
    super::say(&format!("| {} |", cells.join(" | ")));
}

/// The head of a Markdown table: the first column holds names, the others figures.
pub(super) fn head(title: &str, columns: &[&str]) {
    super::say(&format!("\n### {title}\n"));
    super::say(&format!("| {} |", columns.join(" | ")));
    super::say(&format!("|---|{}", "--:|".repeat(columns.len() - 1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "nothing is rounded")]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), 0.0);
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([7.0]), 7.0);
    }
}
