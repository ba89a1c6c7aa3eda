//! Where a request came from, as the target is told it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::Caller;
use crate::settings::RouterSettings;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Sets the `X-Forwarded-*` headers. What a trusted proxy says is kept and continued, what anybody else says is
/// replaced.
pub(super) fn set(settings: &RouterSettings, caller: Caller, headers: &mut HeaderMap) {
    let address = caller.address.ip().to_canonical();
    let before = if is_trusted(settings, address) {
        chain(headers)
    } else {
        distrust(headers);
        None
    };
    let chain = before.map_or_else(
        || address.to_string(),
        |before| format!("{before}, {address}"),
    );
    insert(headers, FOR, &chain);
    let host = headers.get(header::HOST).cloned();
    let proto = if caller.secure { "https" } else { "http" };
    if let (Some(host), false) = (&host, headers.contains_key(HOST)) {
        headers.insert(HOST, host.clone());
    }
    if !headers.contains_key(PROTO) {
        headers.insert(PROTO, HeaderValue::from_static(proto));
    }
    if !headers.contains_key(PORT) {
        let port = host.as_ref().and_then(port);
        let default = if caller.secure { "443" } else { "80" };
        insert(headers, PORT, port.unwrap_or(default));
    }
    if !headers.contains_key(REAL_IP) {
        insert(headers, REAL_IP, &address.to_string());
    }
}

/// True if the caller came by HTTPS, to the router or to a trusted proxy in front of it.
pub(super) fn is_secure(settings: &RouterSettings, caller: Caller, headers: &HeaderMap) -> bool {
    let proxied = || {
        is_trusted(settings, caller.address.ip().to_canonical())
            && headers.get(PROTO).is_some_and(|proto| proto == "https")
    };
    caller.secure || proxied()
}

fn is_trusted(settings: &RouterSettings, address: IpAddr) -> bool {
    let mut networks = settings.trusted_proxies.iter();
    networks.any(|network| network.contains(&address))
}

/// Removes what a caller may not say, also under names that applications take for the same: many read `_` as `-`.
fn distrust(headers: &mut HeaderMap) {
    const ALL: [HeaderName; 6] = [FOR, HOST, PROTO, PORT, REAL_IP, header::FORWARDED];
    for name in ALL {
        headers.remove(name);
    }
    let disguised = |name: &HeaderName| {
        name.as_str().contains('_') && {
            let plain = name.as_str().replace('_', "-");
            ALL.iter().any(|all| all.as_str() == plain)
        }
    };
    if headers.keys().any(disguised) {
        let disguised: Vec<_> = headers
            .keys()
            .filter(|name| disguised(name))
            .cloned()
            .collect();
        for name in disguised {
            headers.remove(name);
        }
    }
}

/// The addresses so far.
fn chain(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(FOR).iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn port(host: &HeaderValue) -> Option<&str> {
    let (_, port) = host.to_str().ok()?.rsplit_once(':')?;
    (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(port)
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Addresses, names and numbers are always values.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
