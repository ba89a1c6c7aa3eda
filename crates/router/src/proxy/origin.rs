//! The headers that say where a request came from.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::ClientConnection;
use crate::settings::RouterSettings;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Sets the `X-Forwarded-*` headers. What a trusted proxy sends is kept and continued, what any other client
/// sends is replaced.
pub(super) fn set(settings: &RouterSettings, caller: &ClientConnection, headers: &mut HeaderMap) {
    let Some(host) = headers.get(header::HOST).cloned() else {
        return;
    };
    let trusted = is_trusted(settings, caller.address);
    if !trusted {
        remove_disguised(headers);
    }
    // A trusted proxy's value stays.
    let mut set = |name: HeaderName, value: HeaderValue| {
        if !trusted || !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    let (proto, port) = if caller.secure {
        ("https", "443")
    } else {
        ("http", "80")
    };
    set(PROTO, HeaderValue::from_static(proto));
    set(REAL_IP, caller.text.clone());
    set(
        PORT,
        port_of(&host).unwrap_or(HeaderValue::from_static(port)),
    );
    set(HOST, host);
    let before = if trusted { chain(headers) } else { None };
    let chain = before.and_then(|before| {
        let chain = format!("{before}, {}", caller.address);
        HeaderValue::try_from(chain).ok()
    });
    headers.insert(FOR, chain.unwrap_or_else(|| caller.text.clone()));
}

/// True if the caller came by HTTPS, to the router or to a trusted proxy in front of it.
pub(super) fn is_secure(
    settings: &RouterSettings,
    caller: &ClientConnection,
    headers: &HeaderMap,
) -> bool {
    let proxied = || {
        is_trusted(settings, caller.address)
            && headers.get(PROTO).is_some_and(|proto| proto == "https")
    };
    caller.secure || proxied()
}

fn is_trusted(settings: &RouterSettings, address: IpAddr) -> bool {
    let mut networks = settings.trusted_proxies.iter();
    networks.any(|network| network.contains(&address))
}

/// Removes what a caller may not say, and the same under names that applications take for it: many read `_` as
/// `-`.
fn remove_disguised(headers: &mut HeaderMap) {
    static ALL: [HeaderName; 6] = [FOR, HOST, PROTO, PORT, REAL_IP, header::FORWARDED];
    let disguised = |name: &&HeaderName| {
        name.as_str().contains('_') && {
            let plain = name.as_str().replace('_', "-");
            ALL.iter().any(|all| all.as_str() == plain)
        }
    };
    let wrong = |name: &&HeaderName| **name == header::FORWARDED || disguised(name);
    let wrong: Vec<_> = headers.keys().filter(wrong).cloned().collect();
    for name in wrong {
        headers.remove(name);
    }
}

/// The addresses so far.
fn chain(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(FOR).iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// The port that the caller used, if the host has one.
fn port_of(host: &HeaderValue) -> Option<HeaderValue> {
    let (_, port) = host.to_str().ok()?.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_port.then(|| HeaderValue::from_str(port).ok())?
}
