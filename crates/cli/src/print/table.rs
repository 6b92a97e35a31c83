//! Tables as `github.com/gosuri/uitable` draws them.

use std::io::Write;

use console::measure_text_width;

use crate::Failure;

/// Rows of cells, each column as wide as its widest cell, with tabs in between.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Adds a row.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Writes the table, with a line end behind it even where it is empty (Helm: `pkg/cli/output`, `EncodeTable`).
    pub(crate) fn write(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.flat_map(|cell| cell.split('\n')).map(measure_text_width).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let rows: Vec<String> = self.rows.iter().map(|row| row_text(row, &widths)).collect();
        Ok(writeln!(out, "{}", rows.join("\n"))?)
    }
}

/// A row; a cell of several lines makes it several lines high.
fn row_text(row: &[String], widths: &[usize]) -> String {
    let height = row.iter().map(|cell| cell.split('\n').count()).max().unwrap_or_default();
    let line = |number: usize| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let text = cell.split('\n').nth(number).unwrap_or_default();
            format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text))))
        });
        cells.collect::<Vec<_>>().join("\t")
    };
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table) -> String {
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::default();
        assert_eq!(text(&table), "\n");
        table.row(["NAME", "N", ""]);
        table.row(["a", "größe", ""]);
        table.row(["\u{1b}[32mab\u{1b}[0m", "x\nyz", ""]);
        assert_eq!(
            text(&table),
            "NAME\tN    \t\na   \tgröße\t\n\u{1b}[32mab\u{1b}[0m  \tx    \t\n    \tyz   \t\n"
        );
    }
}
