//! `http.request`.

use super::{StepType, gives, takes};

pub(super) const TYPES: &[StepType] = &[StepType::new(
    "http.request",
    "Sends one HTTP request, captures from the answer and checks it. Addresses are allowed by the executor's \
     policy.",
    &[
        takes("url", "string", "The address, `http` or `https`.")
            .required()
            .not(&["uri", "address"]),
        takes("method", "string", "The method.")
            .default("\"GET\"")
            .options(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        takes("headers", "dict", "Headers: name and value."),
        takes("query", "dict", "Parameters that are added to the address."),
        takes("json", "any", "The body, as JSON.").not(&["body_json", "data"]),
        takes("form", "dict", "The body, as a form."),
        takes("body", "string", "The body, as text."),
        takes(
            "file",
            "file",
            "The body: the content of a file of the execution.",
        ),
        takes("username", "string", "For basic authentication."),
        takes("password", "string", "For basic authentication."),
        takes(
            "verify_tls",
            "boolean",
            "Whether the certificate must be valid.",
        )
        .default("true"),
        takes(
            "ca_certificate",
            "string",
            "A certificate authority to trust, as PEM.",
        ),
        takes(
            "follow_redirects",
            "integer",
            "How many redirects are followed at most.",
        )
        .default("5"),
        takes("request_timeout", "float", "The limit of one request.").seconds("30"),
        takes(
            "expect_status",
            "any",
            "A status or a list of them; a class as `2xx`.",
        )
        .default("\"2xx\"")
        .not(&["status", "expected_status", "status_code"]),
        takes(
            "assert",
            "expression",
            "Expressions that must hold; they see `status`, `headers`, `body` and `json`.",
        )
        .not(&["asserts", "assertions"]),
        takes(
            "capture",
            "dict",
            "What is taken from the answer: a name and `{json: /pointer}`, `{regex: …}` or \
            `{header: …}`.",
        )
        .not(&["captures", "extract"]),
        takes(
            "retry_status",
            "list",
            "Statuses after which the request is sent again.",
        )
        .default("[]"),
        takes(
            "save_as",
            "string",
            "Keeps the body as an artefact of this name.",
        ),
        takes("max_bytes", "integer", "The longest body that is read.").default("1048576"),
    ],
    &[
        gives("status", "integer", "The status code."),
        gives("headers", "dict", "The headers, names in lower case."),
        gives("body", "string", "The body, when it is text."),
        gives("json", "any", "The body, when it is JSON."),
        gives("elapsed_ms", "integer", "How long the answer took."),
        gives("url", "string", "The address after redirects."),
        gives("captured", "dict", "What was captured."),
    ],
)];
