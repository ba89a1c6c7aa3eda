//! Headers that mean something between two hops only, and the id of a request.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What never passes, besides what `Connection` names.
static HOP_BY_HOP: [HeaderName; 5] = [
    header::CONNECTION,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
];
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The protocol that a request or a response switches to, if it does.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(header::UPGRADE)?;
    // A tunnel to HTTP/2 would carry requests that nothing here has checked.
    let tunnel = protocol.as_bytes().to_ascii_lowercase().starts_with(b"h2c");
    (!tunnel && names(headers).any(|name| name.eq_ignore_ascii_case("upgrade")))
        .then(|| protocol.clone())
}

/// Removes what is meant for the next hop only, also what `Connection` names.
pub(super) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    // One look at the names is cheaper than a look-up for each of those that are nearly never there.
    if !headers.keys().any(|name| HOP_BY_HOP.contains(name)) {
        return;
    }
    let named: Vec<HeaderName> = names(headers)
        .filter(|name| !name.eq_ignore_ascii_case("keep-alive"))
        .filter_map(|name| name.parse().ok())
        .filter(|name| !ESSENTIAL.contains(name))
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// What a message cannot do without: no `Connection` header takes it away.
static ESSENTIAL: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::UPGRADE,
    header::AUTHORIZATION,
];

/// Of the transfer codings that a caller accepts only trailers pass.
pub(super) fn restrict_te(headers: &mut HeaderMap) {
    if let Some(accepted) = headers.remove(header::TE) {
        let accepted = accepted.to_str().unwrap_or_default();
        if list(accepted).any(|coding| coding.eq_ignore_ascii_case("trailers")) {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
    }
}

/// Marks a message as an upgrade.
pub(super) fn set_upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocol);
}

/// Keeps the id that a request has, or makes one.
pub(super) fn set_request_id(headers: &mut HeaderMap) -> HeaderValue {
    let usable = |id: &&HeaderValue| {
        !id.is_empty() && id.len() <= 128 && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    if let Some(id) = headers.get(X_REQUEST_ID).filter(usable) {
        return id.clone();
    }
    let id = new_request_id();
    headers.insert(X_REQUEST_ID, id.clone());
    id
}

fn new_request_id() -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let random: [u8; 16] = rand::random();
    let digits = |byte: u8| [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
    let id: [[u8; 2]; 16] = random.map(digits);
    HeaderValue::from_bytes(id.as_flattened()).unwrap_or(HeaderValue::from_static("-"))
}

/// The names in all `Connection` headers.
fn names(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(header::CONNECTION).iter();
    lists.filter_map(|value| value.to_str().ok()).flat_map(list)
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}
