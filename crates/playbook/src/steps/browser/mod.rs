//! `browser.*`: one page of a Chromium for each execution. Times are milliseconds.

mod act;
mod look;
mod visit;

use super::{StepOutput, StepParameter, StepType, gives, takes};

pub(super) const SELECTOR: StepParameter = takes(
    "selector",
    "selector",
    "The element: CSS, `text=`, `:has-text()`, parts joined by `>>`.",
)
.required();
pub(super) const TIMEOUT: StepParameter =
    takes("timeout", "integer", "How long it waits for the element.").milliseconds("30000");
pub(super) const CHECK_TIMEOUT: StepParameter =
    takes("timeout", "integer", "How long it waits for the condition.").milliseconds("5000");

pub(super) const FOUND: StepOutput = gives("selector", "string", "The selector.");
pub(super) const STATUS: StepOutput = gives("status", "string", "What was done.");
pub(super) const MESSAGE: StepOutput = gives("message", "string", "What was found, for people.");

/// All step types of a browser.
pub(super) const ALL: [&[StepType]; 3] = [act::TYPES, look::TYPES, visit::TYPES];
