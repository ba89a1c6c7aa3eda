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
            takes("timeout", "integer", "How long it waits for the page.").milliseconds("30000"),
        ],
        &[
            gives("url", "string", "The address after redirects."),
            gives("http_status", "integer", "The status of the answer."),
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
    StepType::known(
        "browser.compare_screenshot",
        "it is not performed yet: use browser.screenshot, and browser.verify steps for what must hold",
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
