//! What a measured program is meant to reach, and whether it does.

use super::figures::median;

/// The ratios of one measurement, and what they are meant to be.
#[derive(Debug)]
struct Goal {
    what: &'static str,
    wanted: f64,
    reached: f64,
    at: String,
}

/// All goals that were measured.
#[derive(Debug, Default)]
pub(super) struct Goals(Vec<Goal>);

impl Goals {
    /// Every chart's ratio is meant to reach this.
    pub(super) fn each(&mut self, what: &'static str, wanted: f64, ratios: &[(String, f64)]) {
        if let Some((at, reached)) = ratios.iter().min_by(|a, b| a.1.total_cmp(&b.1)) {
            self.0.push(Goal { what, wanted, reached: *reached, at: format!("the worst, {at}") });
        }
    }

    /// The median of the ratios is meant to reach this.
    pub(super) fn middle(&mut self, what: &'static str, wanted: f64, ratios: &[(String, f64)]) {
        if !ratios.is_empty() {
            let reached = median(ratios.iter().map(|(_, ratio)| *ratio));
            self.0.push(Goal { what, wanted, reached, at: "the median".to_owned() });
        }
    }

    /// Prints them; says whether all are met.
    pub(super) fn print(&self) -> bool {
        super::say("\n### Goals\n");
        for goal in &self.0 {
            let verdict = if goal.reached >= goal.wanted { "met" } else { "missed" };
            super::say(&format!(
                "- {verdict}: {} at least {:.1}×: {:.1}× ({})",
                goal.what, goal.wanted, goal.reached, goal.at
            ));
        }
        self.0.iter().all(|goal| goal.reached >= goal.wanted)
    }
}
