//! Requests that two programs could read in two ways are refused before anything is done with them.

use std::borrow::Cow;

use http::{HeaderMap, Method, Request, Version, header};
use hyper::body::Incoming;

use crate::routes::normalize;

/// The host that a request is for, or why it is refused.
///
/// hyper refuses most of what is malformed itself: lengths that differ or are no numbers, a transfer encoding that
/// does not end in `chunked` or comes with HTTP/1.0, white space before a colon, folded headers. If a request has a
/// length and a transfer encoding, hyper drops the length, as RFC 9112 6.3 allows, and closes the connection after
/// it; what is sent on has the transfer encoding alone.
pub(super) fn check(request: &Request<Incoming>) -> Result<Cow<'_, str>, &'static str> {
    let uri = request.uri();
    if request.method() == Method::CONNECT {
        return Err("This is no forward proxy: CONNECT is not supported.");
    }
    if uri.scheme().is_some() || uri.authority().is_some() {
        return Err("The request target must be a path: this is no forward proxy.");
    }
    let headers = request.headers();
    check_encoding(headers)?;
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        (None, _) => return Err("The request has no Host header."),
        (Some(_), Some(_)) => return Err("The request has several Host headers."),
    };
    let host = host.to_str().ok().and_then(normalize);
    let host = host.ok_or("The Host header is not a host name with an optional port.")?;
    if request.version() == Version::HTTP_10 && headers.contains_key(header::UPGRADE) {
        return Err("HTTP/1.0 has no upgrades.");
    }
    Ok(host)
}

fn check_encoding(headers: &HeaderMap) -> Result<(), &'static str> {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(()),
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            if headers.contains_key(header::CONTENT_LENGTH) {
                return Err("The request has a Content-Length and a Transfer-Encoding.");
            }
            Ok(())
        }
        _ => Err("The only Transfer-Encoding that is supported is chunked."),
    }
}
