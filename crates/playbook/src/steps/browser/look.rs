//! What is read of a page, and must hold.

use super::{CHECK_TIMEOUT, FOUND, MESSAGE, SELECTOR, STATUS, TIMEOUT};
use crate::steps::{StepType, gives, takes};

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "browser.wait",
        "Waits for an element.",
        &[SELECTOR, TIMEOUT],
        &[FOUND, STATUS],
    ),
    StepType::new(
        "browser.verify",
        "Fails unless an element is there, or is not there.",
        &[
            SELECTOR,
            takes("exists", "boolean", "Whether it should be there.")
                .default("true")
                .not(&["state", "should_exist", "condition", "visible"]),
            CHECK_TIMEOUT,
        ],
        &[
            FOUND,
            gives("exists", "boolean", "Whether it is there."),
            gives("expected", "boolean", "Whether it should be there."),
            STATUS,
            MESSAGE,
        ],
    ),
    StepType::new(
        "browser.verify_text",
        "Fails unless an element has a text.",
        &[
            SELECTOR,
            takes("text", "string", "The text.").required().not(&[
                "value",
                "expected",
                "expected_text",
            ]),
            takes("match", "string", "How it is compared.")
                .default("\"exact\"")
                .options(&["exact", "contains", "regex"])
                .not(&["match_type"]),
            CHECK_TIMEOUT,
        ],
        &[
            FOUND,
            gives("expected_text", "string", "The text that it should have."),
            gives("actual_text", "string", "The text that it has."),
            gives("match_type", "string", "How they were compared."),
            STATUS,
            MESSAGE,
        ],
    ),
    StepType::new(
        "browser.verify_attribute",
        "Fails unless an attribute of an element has a value.",
        &[
            SELECTOR,
            takes("attribute", "string", "Its name.")
                .required()
                .not(&["name"]),
            takes("value", "string", "The value.")
                .required()
                .not(&["expected"]),
            CHECK_TIMEOUT,
        ],
        &[
            FOUND,
            gives("attribute", "string", "Its name."),
            gives("expected_value", "string", "The value that it should have."),
            gives("actual_value", "string", "The value that it has."),
            STATUS,
            MESSAGE,
        ],
    ),
    StepType::new(
        "browser.verify_state",
        "Fails unless an element is in a state.",
        &[
            SELECTOR,
            takes("state", "string", "The state.").required().options(&[
                "visible",
                "hidden",
                "enabled",
                "disabled",
                "checked",
                "unchecked",
            ]),
            CHECK_TIMEOUT,
        ],
        &[
            FOUND,
            gives("expected_state", "string", "The state."),
            STATUS,
            MESSAGE,
        ],
    ),
    StepType::new(
        "browser.get_text",
        "Gives the text of an element, or the content of an input.",
        &[SELECTOR, TIMEOUT],
        &[FOUND, gives("text", "string", "The text, trimmed."), STATUS],
    ),
    StepType::new(
        "browser.expect",
        "Fails unless the page gets an address, a title, or a number of elements.",
        &[
            takes("url", "string", "The address."),
            takes("title", "string", "The title."),
            takes("match", "string", "How address and title are compared.")
                .default("\"exact\"")
                .options(&["exact", "contains", "regex"]),
            takes("selector", "selector", "The elements that are counted."),
            takes("count", "integer", "How many there should be."),
            CHECK_TIMEOUT,
        ],
        &[
            gives("url", "string", "The address, if it was asked for."),
            gives("title", "string", "The title, if it was asked for."),
            gives(
                "count",
                "integer",
                "How many there are, if that was asked for.",
            ),
            STATUS,
        ],
    ),
];
