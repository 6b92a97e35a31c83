//! The figures of one action beside each other, as a row of a table and as ratios.

use super::contenders::Measured;
use crate::bench::figures::{figure, median, ratio, row};

/// The columns of every table of the engine.
pub(super) const COLUMNS: [&str; 11] = [
    "action",
    "helm, ms",
    "pintle, ms",
    "faster",
    "helm, CPU ms",
    "pintle, CPU ms",
    "less CPU",
    "helm, reads",
    "pintle, reads",
    "helm, writes",
    "pintle, writes",
];

/// An action's times with Helm and with Pintle.
pub(super) struct Side<'a> {
    pub(super) action: &'a str,
    pub(super) helm: &'a [Measured],
    pub(super) pintle: &'a [Measured],
}

/// How many times less Pintle takes.
#[derive(Clone, Copy)]
pub(super) struct Ratios {
    pub(super) wall: f64,
    pub(super) cpu: f64,
}

impl Side<'_> {
    /// Prints the medians in a row.
    pub(super) fn print(&self) -> Ratios {
        let wall = |measured: &[Measured]| median(measured.iter().map(|one| one.run.wall * 1e3));
        let cpu = |measured: &[Measured]| median(measured.iter().map(|one| one.run.cpu * 1e3));
        let reads = |measured: &[Measured]| median(measured.iter().map(|one| figure(one.reads as u64)));
        let writes = |measured: &[Measured]| median(measured.iter().map(|one| figure(one.writes as u64)));
        let (helm, pintle) = (self.helm, self.pintle);
        let ratios = Ratios { wall: ratio(wall(helm), wall(pintle)), cpu: ratio(cpu(helm), cpu(pintle)) };
        row(&[
            self.action.to_owned(),
            format!("{:.0}", wall(helm)),
            format!("{:.0}", wall(pintle)),
            format!("{:.1}×", ratios.wall),
            format!("{:.0}", cpu(helm)),
            format!("{:.0}", cpu(pintle)),
            format!("{:.1}×", ratios.cpu),
            format!("{:.0}", reads(helm)),
            format!("{:.0}", reads(pintle)),
            format!("{:.0}", writes(helm)),
            format!("{:.0}", writes(pintle)),
        ]);
        ratios
    }
}
