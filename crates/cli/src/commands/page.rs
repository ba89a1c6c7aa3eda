//! Lists for people.

use wire::{Timestamp, TimestampMs};

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

/// From start to end, in whole seconds as the server tells times.
pub(super) fn took(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<String> {
    let seconds = (end?.0 - start?.0).max(0) / 1000;
    Some(match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    })
}

/// A time without milliseconds.
pub(super) fn seconds(TimestampMs(at): TimestampMs) -> Timestamp {
    Timestamp(at)
}
