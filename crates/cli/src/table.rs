//! Aligned tables for people.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Rows of cells under a header; columns are as wide as their widest cell.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    has_header: bool,
}

/// Between two columns.
const GAP: &str = "  ";

/// The width of an id: what is no longer is never cut.
const LEAST: usize = 36;

impl Table {
    /// A table with this header line.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self {
            rows: vec![header.iter().map(|&name| name.to_owned()).collect()],
            has_header: true,
        }
    }

    /// A table of names and values, without a header line.
    pub(crate) fn bare() -> Self {
        Self {
            rows: Vec::new(),
            has_header: false,
        }
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

    /// The table as lines, each ended, without trailing blanks. In a terminal one long value does not ruin a table
    /// with a header: it is cut.
    pub(crate) fn text(&self) -> String {
        let terminal = console::user_attended().then(|| console::Term::stdout().size().1);
        self.within(terminal.filter(|_| self.has_header).map(usize::from))
    }

    /// The same within this width, if that can be had by cutting values that are longer than others.
    fn within(&self, most: Option<usize>) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(most) = most {
            fit(&mut widths, most);
        }
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let cell = cut(cell, *width);
                let blanks = " ".repeat(width - cell.width());
                format!("{cell}{blanks}")
            });
            text.push_str(cells.collect::<Vec<_>>().join(GAP).trim_end());
            text.push('\n');
        }
        text
    }
}

/// Makes the widest columns narrower until all of them fit. No column becomes narrower than an id.
fn fit(widths: &mut [usize], most: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > most {
        match widths.iter_mut().max() {
            Some(widest) if *widest > LEAST => *widest -= 1,
            _ => return,
        }
    }
}

/// A text of at most this width: what is too much is left out in the middle.
fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let (mut head, mut width) = (String::new(), 0);
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width > room.div_ceil(2) {
            break;
        }
        head.push(character);
    }
    let (mut tail, mut width) = (Vec::new(), 0);
    for character in text.chars().rev() {
        width += character.width().unwrap_or(0);
        if width > room / 2 {
            break;
        }
        tail.push(character);
    }
    head.push('…');
    head.extend(tail.iter().rev());
    head
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

    #[test]
    fn one_long_value_is_cut_in_the_middle_and_no_id_is() {
        let id = "0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2c3";
        let mut table = Table::new(&["ID", "TYPE", "STATUS"]);
        table.row([
            id.to_owned(),
            format!("{}end", "x".repeat(300)),
            "done".to_owned(),
        ]);
        table.row([id.to_owned(), "short".to_owned(), "done".to_owned()]);
        let text = table.within(Some(100));
        let cut = text.lines().nth(1).unwrap_or_default();
        assert_eq!(cut.chars().count(), 100 - 2);
        assert!(
            cut.starts_with(&format!("{id}  xxx")) && cut.contains("x…x"),
            "{cut}"
        );
        assert!(cut.ends_with("xend  done"), "{cut}");
        assert!(
            text.lines()
                .all(|line| line.contains(id) || line.starts_with("ID "))
        );
        // There is not enough room: it is as narrow as it becomes.
        let narrow = table.within(Some(20));
        assert!(narrow.contains(id) && narrow.contains('…'));
        assert!(!table.within(None).contains('…'));
    }

    #[test]
    fn wide_characters_are_cut_by_their_width() {
        assert_eq!(super::cut("名前名前名前", 7), "名…前");
        assert_eq!(super::cut("short", 36), "short");
    }
}
