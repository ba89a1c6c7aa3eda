//! Aligned tables for people.

use unicode_width::UnicodeWidthStr;

/// Rows of cells under a header; columns are as wide as their widest cell.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

/// Between two columns.
const GAP: &str = "  ";

impl Table {
    /// A table with this header line.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self {
            rows: vec![header.iter().map(|&name| name.to_owned()).collect()],
        }
    }

    /// A table of names and values, without a header line.
    pub(crate) fn bare() -> Self {
        Self { rows: Vec::new() }
    }

    /// A table of those names that have a value.
    pub(crate) fn of_fields<'a>(all: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Self {
        let mut table = Self::bare();
        for (name, value) in all {
            if let Some(value) = value {
                table.row([name.to_owned(), value]);
            }
        }
        table
    }

    /// Whether it has more than a header.
    pub(crate) fn has_rows(&self) -> bool {
        self.rows.len() > 1
    }

    /// Adds a row. Control characters are made harmless: the text may come from anybody.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| plain(&cell)).collect());
    }

    /// The table as lines, each ended, without trailing blanks.
    pub(crate) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
            text.push_str(cells.collect::<Vec<_>>().join(GAP).trim_end());
            text.push('\n');
        }
        text
    }
}

/// The text with control characters escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// The same of a text with several lines, which stay: each but the first is indented.
pub(crate) fn plain_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n    ")
}

/// What stands in an empty cell.
pub(crate) fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_align_and_control_characters_are_escaped() {
        let mut table = Table::new(&["ID", "TYPE"]);
        table.row(["long-id".to_owned(), "a\x1b[2J".to_owned()]);
        table.row(["é".to_owned(), String::new()]);
        table.row(["名前".to_owned(), "b".to_owned()]);
        let lines = "ID       TYPE\nlong-id  a\\u{1b}[2J\né\n名前     b\n";
        assert_eq!(table.text(), lines);
    }
}
