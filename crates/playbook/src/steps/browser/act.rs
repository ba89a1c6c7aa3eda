//! What a person does to a page.

use super::{FOUND, SELECTOR, STATUS, TIMEOUT};
use crate::steps::{StepType, gives, takes};

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "browser.click",
        "Clicks an element.",
        &[
            SELECTOR,
            TIMEOUT,
            takes("force", "boolean", "Clicks even if something covers it.").default("false"),
            takes("button", "string", "The button of the mouse.")
                .default("\"left\"")
                .options(&["left", "middle", "right"]),
            takes(
                "position",
                "dict",
                "`x` and `y` of the point, in pixels from the element's upper left corner; without it, its middle.",
            ),
            takes(
                "dialog",
                "string",
                "What happens to dialogs that the page shows, from this step on.",
            )
            .options(&["dismiss", "accept"]),
            takes(
                "dialog_text",
                "string",
                "What a dialog that asks for a text is answered with.",
            ),
        ],
        &[
            FOUND,
            STATUS,
            gives("force", "boolean", "Whether it was forced."),
            gives(
                "dialogs",
                "list",
                "The texts of the dialogs that it led to.",
            ),
        ],
    ),
    StepType::new(
        "browser.fill",
        "Replaces the content of an input.",
        &[
            SELECTOR,
            takes("value", "string", "The new content. It is shown nowhere.")
                .required()
                .not(&["text"]),
            TIMEOUT,
        ],
        &[FOUND, STATUS],
    ),
    StepType::new(
        "browser.keyboard",
        "Presses a key or a combination.",
        &[
            takes("key", "string", "Such as `Enter` or `Control+A`.").required(),
            takes(
                "selector",
                "selector",
                "The element; without it, the one that has the focus.",
            ),
            TIMEOUT,
        ],
        &[gives("key", "string", "The key."), STATUS],
    ),
    StepType::new(
        "browser.file_upload",
        "Gives a file to an input.",
        &[
            SELECTOR,
            takes("file_path", "file", "The file.")
                .required()
                .not(&["file", "path"]),
            TIMEOUT,
        ],
        &[FOUND, gives("file_path", "string", "The file."), STATUS],
    ),
    StepType::new(
        "browser.check",
        "Ticks a box, or unticks it.",
        &[
            SELECTOR,
            takes("checked", "boolean", "Whether it is to be ticked.").default("true"),
            TIMEOUT,
        ],
        &[
            FOUND,
            gives("checked", "boolean", "Whether it is ticked."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.select",
        "Chooses options of a list, and no others.",
        &[
            SELECTOR,
            takes("value", "any", "The value or the label; a list of them.")
                .required()
                .not(&["option", "label", "values"]),
            TIMEOUT,
        ],
        &[
            FOUND,
            gives("selected", "list", "The values that are chosen."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.drag",
        "Drags an element to another one.",
        &[
            SELECTOR,
            takes("target", "selector", "Where it is dropped.")
                .required()
                .not(&["to", "target_selector"]),
            takes(
                "position",
                "dict",
                "`x` and `y` of the point where it is taken, as in `browser.click`.",
            ),
            takes(
                "target_position",
                "dict",
                "`x` and `y` of the point where it is dropped.",
            ),
            TIMEOUT,
        ],
        &[
            FOUND,
            gives("target", "string", "The target's selector."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.hover",
        "Moves the mouse over an element.",
        &[SELECTOR, TIMEOUT],
        &[FOUND, STATUS],
    ),
    StepType::new(
        "browser.press",
        "Presses a key or a combination in an element.",
        &[
            takes("key", "string", "Such as `Enter` or `Control+A`.").required(),
            takes(
                "selector",
                "selector",
                "The element; without it, the one that has the focus.",
            ),
            TIMEOUT,
        ],
        &[gives("key", "string", "The key."), STATUS],
    ),
];
