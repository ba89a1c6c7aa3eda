//! A page of a list, for people.

use crate::{
    args::PageArgs,
    exit::Failure,
    output::{print_bytes, say},
    table::Table,
};

/// Prints a table of so many items, and how to go on when there may be more.
pub(super) fn print(table: &Table, count: usize, page: PageArgs) -> Result<(), Failure> {
    print_bytes(table.text().as_bytes())?;
    if u32::try_from(count).is_ok_and(|count| count == page.limit) {
        let next = page.offset.saturating_add(page.limit);
        say(&format!("there may be more: --offset {next}"));
    }
    Ok(())
}
