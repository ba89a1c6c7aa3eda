//! How a submitted job's program is fetched and called.

use axum::http::{HeaderName, HeaderValue};
use wire::jobs::{NewJob, is_program_name};

use crate::refusal::Refusal;

const HEADERS_LIMIT: usize = 16;
const HEADER_LIMIT: usize = 8 * 1024;
/// What the executor sends itself.
const ITS_OWN: [&str; 8] = [
    "connection",
    "content-length",
    "host",
    "if-range",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Checks the name of the program and the headers of its download. No value of a header is told.
pub(super) fn check(job: &NewJob) -> Result<(), Refusal> {
    if job
        .program_name
        .as_deref()
        .is_some_and(|name| !is_program_name(name))
    {
        let message =
            "program_name must be a file name of 1 to 255 bytes without control characters";
        return Err(Refusal::field("program_name", message));
    }
    let headers = job.binary_headers.iter().flatten();
    if headers.clone().count() > HEADERS_LIMIT {
        let message = format!("at most {HEADERS_LIMIT} headers are allowed");
        return Err(Refusal::field("binary_headers", message));
    }
    for (name, value) in headers {
        let field = format!("binary_headers.{name}");
        let wrong = |message: String| Refusal::field(&*field, message);
        let parsed: HeaderName = name
            .parse()
            .map_err(|_| wrong("is not the name of a header".to_owned()))?;
        if ITS_OWN.contains(&parsed.as_str()) {
            return Err(wrong(
                "is a header that executors set themselves".to_owned(),
            ));
        }
        if value.value().len() > HEADER_LIMIT {
            return Err(wrong(format!("must have at most {HEADER_LIMIT} bytes")));
        }
        HeaderValue::from_str(value.value()).map_err(|_| {
            wrong("has characters that the value of a header cannot have".to_owned())
        })?;
    }
    Ok(())
}
