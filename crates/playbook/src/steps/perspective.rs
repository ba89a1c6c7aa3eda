//! `perspective.*`: checks of an open Perspective session, in the execution's browser.

use super::{StepType, gives, takes};

pub(super) const TYPES: &[StepType] = &[
    StepType::new(
        "perspective.discover_page",
        "Lists the elements of the page that a person can use.",
        &[
            takes("selector", "selector", "Where it looks.").default("\"body\""),
            takes(
                "types",
                "list",
                "Only elements of these types; empty for all.",
            )
            .default("[]"),
            takes("exclude_selectors", "list", "What is left out.").default("[]"),
        ],
        &[
            gives("status", "string", "`discovered`."),
            gives("count", "integer", "How many are in the list."),
            gives("total", "integer", "How many there are."),
            gives("inventory", "list", "The elements."),
            gives("timestamp", "string", "When."),
            gives("root_selector", "string", "Where it looked."),
        ],
    ),
    StepType::new(
        "perspective.extract_component_metadata",
        "Adds to an inventory what is known of each element.",
        &[takes(
            "components",
            "list",
            "The inventory of `perspective.discover_page`.",
        )
        .required()],
        &[
            gives("status", "string", "`enriched` or `skipped`."),
            gives("enriched_inventory", "list", "The elements."),
            gives("count", "integer", "How many there are."),
        ],
    ),
    StepType::new(
        "perspective.execute_test_manifest",
        "Clicks and fills a list of elements and reports what happened.",
        &[
            takes(
                "manifest",
                "list",
                "Maps with component_id, action, selector, value and expected.",
            )
            .required(),
            takes(
                "capture_screenshots",
                "boolean",
                "Whether it takes pictures.",
            )
            .default("true"),
            takes(
                "on_failure",
                "string",
                "Whether it goes on after a failure.",
            )
            .default("\"continue\"")
            .options(&["continue", "abort"]),
            takes(
                "return_to_baseline",
                "boolean",
                "Whether it returns after each test.",
            )
            .default("true"),
            takes("baseline_url", "string", "Where it returns to."),
        ],
        &[
            gives("status", "string", "`completed`, also when tests failed."),
            gives("total", "integer", "How many tests there are."),
            gives("passed", "integer", "How many passed."),
            gives("failed", "integer", "How many failed."),
            gives("skipped", "integer", "How many were left out."),
            gives("results", "list", "One entry for each test."),
        ],
    ),
    StepType::new(
        "perspective.verify_navigation",
        "Fails unless the page has an address or a title.",
        &[
            takes("expected_url_pattern", "string", "A part of the address."),
            takes("expected_title_pattern", "string", "A part of the title."),
            takes("timeout", "integer", "How long it waits.").milliseconds("5000"),
        ],
        &[
            gives("status", "string", "`verified`."),
            gives("url", "string", "The address."),
            gives("title", "string", "The title."),
            gives("message", "string", "What was found, for people."),
        ],
    ),
    StepType::new(
        "perspective.verify_dock_opened",
        "Fails unless a dock is open.",
        &[
            takes("dock_selector", "selector", "The dock.")
                .required()
                .not(&["selector"]),
            takes("timeout", "integer", "How long it waits.").milliseconds("3000"),
        ],
        &[
            gives("status", "string", "`verified`."),
            gives("dock_selector", "string", "The dock."),
            gives("message", "string", "What was found, for people."),
        ],
    ),
    StepType::new(
        "perspective.verify_with_ai",
        "Asks a model what a picture of the page shows. It is performed only with a key of yours; the picture leaves your network.",
        &[
            takes("prompt", "string", "What should be true of the page.").required(),
            takes("ai_api_key", "string", "The key. It is shown nowhere.")
                .required()
                .not(&["api_key"]),
            takes(
                "selector",
                "selector",
                "The element that is shown; without it, the page.",
            ),
            takes(
                "confidence_threshold",
                "float",
                "How sure the model must be, from 0 to 1.",
            )
            .default("0.8"),
            takes("ai_model", "string", "The model.").default("\"claude-sonnet-4-20250514\""),
            takes("ai_endpoint", "string", "Where it is asked.")
                .default("\"https://api.anthropic.com/v1/messages\""),
            takes("timeout", "integer", "How long it waits for the answer.").milliseconds("60000"),
        ],
        &[
            gives("status", "string", "`passed`."),
            gives("passed", "boolean", "`true`."),
            gives("confidence", "float", "How sure the model is."),
            gives("threshold", "float", "How sure it must be."),
            gives("explanation", "string", "What it says."),
            gives("details", "string", "Its whole answer."),
        ],
    ),
];
