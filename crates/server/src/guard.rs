//! What is checked of every request before a route sees it: where it claims to go and who asks.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use url::Url;

use crate::{Principal, api::refusal, app::App, audit::Asker, budget};

/// Who may be named in a Host or an Origin header.
pub(crate) struct Hosts {
    allowed: Vec<String>,
}

impl Hosts {
    /// Loopback names, the public URL's, and those that the operator allows.
    pub(crate) fn new(public_url: &str, allowed: &[String]) -> Self {
        let public = Url::parse(public_url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        let loopback = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let allowed = loopback
            .into_iter()
            .chain(public)
            .chain(allowed.iter().cloned());
        Self {
            allowed: allowed.map(|host| host.to_ascii_lowercase()).collect(),
        }
    }

    /// `host` may have a port.
    fn allow(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.to_ascii_lowercase();
        self.allowed.contains(&name)
            || name
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// Refuses a request whose Host is not ours: a page of another site whose name was made to point
/// here (DNS rebinding) sends its own name. Refuses what a page of another site asks for: a browser
/// sends its simple requests here without asking first, and says where they come from.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Principal>().is_none() {
        let host = request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
        if !host.is_some_and(|host| app.hosts.allow(host)) {
            let message = "the Host header does not name this server; see --allowed-host";
            note(&app, &request);
            return refusal(request.uri().path(), StatusCode::FORBIDDEN, message);
        }
        if is_foreign(request.headers(), &app.hosts) {
            let message = "the request comes from a page of another site; see --allowed-host";
            note(&app, &request);
            return refusal(request.uri().path(), StatusCode::FORBIDDEN, message);
        }
    }
    if let Some(address) = peer(&request, &app.settings.trusted_proxies) {
        request.extensions_mut().insert(Peer(address));
    }
    budget::run(&app.budget, request, next).await
}

/// Counts a refusal for the audit. Which route it was for is not looked up.
fn note(app: &App, request: &Request) {
    let origin = peer(request, &app.settings.trusted_proxies);
    let asker = Asker::nobody(origin);
    let now = app.now_ms();
    app.refusals.note(asker, "any", StatusCode::FORBIDDEN, now);
}

/// Whether a browser says that a page of another site asks. Who is no browser says nothing.
fn is_foreign(headers: &HeaderMap, hosts: &Hosts) -> bool {
    let ours = |origin: &HeaderValue| {
        let url = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
        url.is_some_and(|url| url.host_str().is_some_and(|host| hosts.allow(host)))
    };
    headers
        .get_all(header::ORIGIN)
        .iter()
        .any(|origin| !ours(origin))
        || headers
            .get_all("sec-fetch-site")
            .iter()
            .any(|site| site == "cross-site")
}

/// The address that a request came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The connection's address or, behind a trusted proxy, the last address before the proxies.
fn peer(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    let ConnectInfo(address) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let mut peer = address.ip();
    if proxies.is_empty() {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.iter().rev() {
        if !proxies.contains(&peer) {
            break;
        }
        match hop.trim().parse() {
            Ok(address) => peer = address,
            Err(_) => break,
        }
    }
    Some(peer)
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn allows_our_names_with_any_port_and_no_others() {
        let hosts = Hosts::new("https://play.example:8443", &["alias.example".to_owned()]);
        for host in [
            "localhost:8080",
            "127.0.0.1",
            "127.0.0.9:1",
            "[::1]:80",
            "play.example",
            "ALIAS.example:1",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in ["evil.example", "play.example.evil", "localhost.evil:80", ""] {
            assert!(!hosts.allow(host), "{host}");
        }
    }
}
