//! Requests to the engine over its socket, as far as starting one needs them.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

/// No answer that a start needs takes so long.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a request, answers with the body.
///
/// # Errors
/// When the engine is not there, or refuses it.
pub(crate) fn request(socket: &Path, method: &str, path: &str, body: &[u8]) -> Result<String> {
    let mut stream = UnixStream::connect(socket).context("the engine does not listen")?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    // The old version, as its answers are neither chunked nor kept open.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(
        status.starts_with('2') && !body.contains("\"error\""),
        "{method} {path}: {answer}"
    );
    Ok(body.to_owned())
}
