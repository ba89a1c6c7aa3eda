//! Actions on elements: each waits until its element is ready for it, and sends trusted input.
//!
//! The rules are those that Playwright documents: a locator matches exactly one element; the element is
//! visible, has the same box in two frames, is enabled and editable where the action needs it, and receives
//! the events at the point of the action.

mod aim;
mod area;
mod check;
mod click;
mod drag;
mod expect;
mod fill;
mod guard;
mod inventory;
mod keyboard;
mod keys;
mod last;
mod mouse;
mod points;
mod read;
mod select;
mod upload;
mod wait;

pub use click::{ButtonName, ClickOptions, KeyModifier, Position};
pub use drag::DragPlace;
pub use inventory::{InventoryOptions, PageElement, PageInventory};
pub use last::{ActionName, LastAction};
pub use read::{ElementStates, WaitState};
pub use select::OptionChoice;

use std::time::Duration;

/// The times between two tries: short at first, as most elements come soon.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(70),
    Duration::from_millis(100),
];

/// How long to wait after so many tries.
fn pause(tries: usize) -> Duration {
    PAUSES[tries.min(PAUSES.len() - 1)]
}
