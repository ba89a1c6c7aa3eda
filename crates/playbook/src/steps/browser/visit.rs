//! Where a page goes, and what is kept of it.

use super::{SELECTOR, STATUS, TIMEOUT};
use crate::steps::{StepType, gives, takes};

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
            takes(
                "verify_tls",
                "boolean",
                "Whether the certificates of this page and the next ones are checked.",
            )
            .default("false")
            .not(&["ignore_https_errors", "verify_ssl"]),
            takes(
                "viewport",
                "dict",
                "`width` and `height` of the window in pixels, from now on; 1920 and 1080 at first.",
            )
            .not(&["size", "window_size"]),
            takes(
                "permissions",
                "list",
                "What pages may do without asking, from now on, such as `geolocation` or `clipboardReadWrite`.",
            ),
            takes("timeout", "integer", "How long it waits for the page.").milliseconds("30000"),
        ],
        &[
            gives("url", "string", "The address after redirects."),
            gives("http_status", "integer", "The status of the answer."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.switch_page",
        "Goes on in another page that is open: the next steps work there.",
        &[
            takes("url", "string", "Its address without the query, or a part of it.").required(),
            takes("timeout", "integer", "How long it waits for the page.").milliseconds("30000"),
        ],
        &[
            gives("url", "string", "Its address."),
            gives("title", "string", "Its title."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.screenshot",
        "Takes a picture of the page.",
        &[
            takes(
                "name",
                "string",
                "What it is called; without it, as the step.",
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
            TIMEOUT,
        ],
        &[
            gives("screenshot", "string", "The artefact's name."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.compare_screenshot",
        "Fails when the page looks different from the picture that the playbook has.",
        &[
            takes(
                "baseline_name",
                "string",
                "Names the picture: a file beside the playbook.",
            )
            .required()
            .not(&["name", "baseline"]),
            takes(
                "threshold",
                "float",
                "How many per cent of the pixels must be equal.",
            )
            .default("99.9"),
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
            takes(
                "full_page",
                "boolean",
                "The whole page instead of what is visible.",
            )
            .default("false"),
            takes(
                "masks",
                "list",
                "Selectors of what is covered. A baseline that was accepted without them has to be accepted again.",
            ),
            takes(
                "tolerance",
                "integer",
                "By how much of 255 a colour may differ.",
            )
            .default("8"),
            TIMEOUT,
        ],
        &[
            gives("baseline_name", "string", "Names the picture."),
            gives("equal_percent", "float", "How many per cent are equal."),
            gives("different_pixels", "integer", "How many pixels differ."),
            gives("passed", "boolean", "Whether enough of them are equal."),
            gives("screenshot", "string", "The artefact with what was seen."),
            gives(
                "diff",
                "string",
                "The artefact with the difference, if there is one.",
            ),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.save_state",
        "Saves cookies and local storage for later executions. They are sealed and shown nowhere.",
        &[takes("name", "string", "Name of the state.").required()],
        &[
            gives("name", "string", "Name of the state."),
            gives("cookies", "integer", "How many cookies there are."),
            gives("origins", "integer", "How many sites have local storage."),
            STATUS,
        ],
    ),
    StepType::new(
        "browser.load_state",
        "Opens a new window with what was saved: it comes before the first browser.navigate.",
        &[takes("name", "string", "Name of the state.").required()],
        &[
            gives("name", "string", "Name of the state."),
            gives("cookies", "integer", "How many cookies there are."),
            gives("origins", "integer", "How many sites have local storage."),
            STATUS,
        ],
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
        "browser.wait_for_response",
        "Waits until a request of the page was answered, since the step before it began.",
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
                "What it is called; without it, as the step.",
            ),
            takes("landscape", "boolean", "Wider than high.").default("false"),
            TIMEOUT,
        ],
        &[gives("pdf", "string", "The artefact's name."), STATUS],
    ),
];
