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
            gives("http_status", "integer", "The status of the answer."),
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
            takes(
                "selector",
                "selector",
                "The element that is shown; without it, the page.",
            ),
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
    StepType::new(
        "browser.evaluate",
        "Gives the value of a JavaScript expression in the page.",
        &[
            takes(
                "expression",
                "string",
                "The expression; a promise is waited for.",
            )
            .required()
            .not(&["script", "code"]),
            TIMEOUT,
        ],
        &[gives("result", "any", "The value, as JSON."), STATUS],
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
    StepType::new(
        "browser.wait_for_response",
        "Waits until a request of the page was answered, since it was opened.",
        &[
            takes("url", "string", "A part of its address.").required(),
            takes(
                "http_status",
                "integer",
                "The status of the answer; any without it.",
            )
            .not(&["status"]),
            TIMEOUT,
        ],
        &[
            gives("url", "string", "The address."),
            gives("method", "string", "The method."),
            gives("http_status", "integer", "The status of the answer."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.download",
        "Clicks what starts a download, and keeps the file as an artefact.",
        &[
            SELECTOR,
            takes(
                "name",
                "string",
                "What the artefact is called; without it, as the file.",
            ),
            TIMEOUT,
        ],
        &[
            gives("file", "string", "The artefact's name."),
            gives("url", "string", "Where it came from."),
            gives("size_bytes", "integer", "Its size."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.pdf",
        "Prints the page into a PDF, and keeps it as an artefact.",
        &[
            takes(
                "name",
                "string",
                "What it is called; without it, the step's id.",
            ),
            takes("landscape", "boolean", "Wider than high.").default("false"),
            TIMEOUT,
        ],
        &[gives("pdf", "string", "The artefact's name."), STATUS],
    ),
];
