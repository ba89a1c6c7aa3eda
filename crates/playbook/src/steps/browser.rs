//! `browser.*`: one page of a Chromium for each execution. Times are milliseconds.

use super::{StepOutput, StepParameter, StepType, gives, takes};

const SELECTOR: StepParameter = takes(
    "selector",
    "selector",
    "The element: CSS, `text=`, `:has-text()`, parts joined by `>>`.",
)
.required();
const TIMEOUT: StepParameter =
    takes("timeout", "integer", "How long it waits for the element.").milliseconds("30000");
const CHECK_TIMEOUT: StepParameter =
    takes("timeout", "integer", "How long it waits for the condition.").milliseconds("5000");

const FOUND: StepOutput = gives("selector", "string", "The selector.");
const STATUS: StepOutput = gives("status", "string", "What was done.");
const MESSAGE: StepOutput = gives("message", "string", "What was found, for people.");

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "browser.navigate",
        "Opens an address.",
        &[
            takes("url", "string", "The address.").required(),
            takes("wait_until", "string", "What it waits for.")
                .default("\"load\"")
                .options(&["load", "domcontentloaded", "networkidle"])
                .not(&["wait_for", "wait"]),
            takes("timeout", "integer", "How long it waits for the page.").milliseconds("30000"),
        ],
        &[
            gives("url", "string", "The address after redirects."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.click",
        "Clicks an element.",
        &[
            SELECTOR,
            TIMEOUT,
            takes("force", "boolean", "Clicks even if something covers it.").default("false"),
        ],
        &[
            FOUND,
            STATUS,
            gives("force", "boolean", "Whether it was forced."),
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
        &[takes("key", "string", "Such as `Enter` or `Control+A`.").required()],
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
        "browser.screenshot",
        "Takes a picture of the page.",
        &[
            takes(
                "name",
                "string",
                "What it is called; without it, the step's id.",
            )
            .not(&["path", "filename"]),
            takes(
                "full_page",
                "boolean",
                "The whole page instead of what is visible.",
            )
            .default("false"),
        ],
        &[
            gives("screenshot", "string", "The artefact's name."),
            STATUS,
        ],
    ),
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
            takes("state", "string", "The state.")
                .required()
                .options(&["visible", "hidden", "enabled", "disabled"]),
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
        "browser.compare_screenshot",
        "Compares the page with an approved picture.",
        &[
            takes("baseline_name", "string", "The approved picture.").required(),
            takes("threshold", "float", "How much must be equal, in percent.").default("99.9"),
            takes(
                "fail_on_diff",
                "boolean",
                "Whether a difference fails the step.",
            )
            .default("true"),
            takes(
                "selector",
                "selector",
                "The element that is compared; without it, the page.",
            ),
        ],
        &[
            gives("similarity", "float", "How much is equal, in percent."),
            STATUS,
        ],
    ),
    StepType::known(
        "browser.check",
        "it is not performed: use browser.click to tick a box, or browser.verify_state to check an element",
    ),
];
