//! Tables of the server, as `kubectl` lays them out (Kubernetes: `printers/tableprinter.go`).

use console::measure_text_width;
use serde_json::Value;

use crate::live::{Column, Group, Table};

/// Blanks between columns, and how wide a column is at least with them (cli-runtime: `GetNewTabWriter`).
const PADDING: usize = 3;
const LEAST: usize = 6;

/// All groups in one text; empty without any.
pub(crate) fn resources(groups: &[Group<Table>]) -> String {
    let mut text = String::new();
    let mut last: Option<&[Column]> = None;
    for group in groups {
        text.push_str("==> ");
        text.push_str(&group.name);
        text.push('\n');
        for table in &group.items {
            // The same columns again need no headings.
            let columns = table.column_definitions.as_slice();
            let lines = rows(table, last != Some(columns));
            text.push_str(&aligned(&lines));
            last = Some(columns);
        }
        text.push('\n');
    }
    text
}

fn rows(table: &Table, with_headings: bool) -> Vec<Vec<String>> {
    let shown =
        |index: &usize| table.column_definitions.get(*index).is_some_and(|column| column.priority == 0);
    let headings = table.column_definitions.iter().filter(|column| column.priority == 0);
    let headings: Vec<String> = headings.map(|column| column.name.to_uppercase()).collect();
    let cells = table.rows.iter().map(|row| {
        let cells = row.cells.iter().enumerate().filter(|(index, _)| shown(index));
        cells.map(|(_, cell)| text(cell)).collect()
    });
    with_headings.then_some(headings).into_iter().chain(cells).collect()
}

fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        let widest = cells.map(|cell| measure_text_width(cell)).max().unwrap_or_default();
        (widest + PADDING).max(LEAST)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
            text.push_str(cell);
            if index + 1 < line.len() {
                text.push_str(&" ".repeat(width.saturating_sub(measure_text_width(cell))));
            }
        }
        text.push('\n');
    }
    text
}
