//! What is checked of every request before a route sees it: where it claims to go and who asks.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use crate::{
    Principal,
    api::refuse,
    app::App,
    audit::AuditContext,
    budget,
    hosts::Hosts,
    refusal::{Refusal, RefusalKind},
};

/// Refuses a request whose Host is not ours: a page of another site whose name was made to point
/// here (DNS rebinding) sends its own name. Refuses what a page of another site asks for: a browser
/// sends its simple requests here without asking first, and says where they come from.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Principal>().is_none() {
        let host = request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| request.uri().authority().map(http::uri::Authority::as_str))
            .unwrap_or_default();
        if !app.hosts.allow(host) {
            let message = "the Host header does not name this server; see --allowed-host";
            return forbid(&app, &request, message);
        }
        if is_foreign(request.headers(), host, &app.hosts) {
            let message = "the request comes from a page of another site; see --allowed-host \
                and --cors-origin";
            return forbid(&app, &request, message);
        }
    }
    if let Some(address) = peer(&request, &app.settings.trusted_proxies) {
        request.extensions_mut().insert(Peer(address));
    }
    budget::run(&app.budget, request, next).await
}

/// Refuses a request, and counts it for the audit. Which route it was for is not looked up.
fn forbid(app: &App, request: &Request, message: &str) -> Response {
    let origin = peer(request, &app.settings.trusted_proxies);
    let audit_context = AuditContext::nobody(origin);
    let now = app.now_ms();
    let kind = RefusalKind::Forbidden;
    app.refusals
        .note(audit_context, "any", None, kind.status(), now);
    refuse(request.uri().path(), Refusal::new(kind, message))
}

/// Whether a browser says that a page of another site asks. Who is no browser says nothing.
fn is_foreign(headers: &HeaderMap, host: &str, hosts: &Hosts) -> bool {
    let origins = || {
        let origins = headers.get_all(header::ORIGIN).iter();
        // What is not text names no origin.
        origins.map(|origin| origin.to_str().unwrap_or_default())
    };
    if origins().any(|origin| !hosts.admit(origin, host)) {
        return true;
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.any(|site| site == "cross-site") && !origins().any(|origin| hosts.is_other(origin))
}

/// The address that a request came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The connection's address or, behind a trusted proxy, the last address before the proxies.
fn peer(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    let ConnectInfo(address) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    // A socket for both families tells IPv4 addresses as mapped ones.
    let mut peer = address.ip().to_canonical();
    let is_proxy = |peer: IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == peer);
    if proxies.is_empty() {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").iter();
    let hops: Vec<&str> = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.iter().rev() {
        if !is_proxy(peer) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => peer = address.to_canonical(),
            Err(_) => break,
        }
    }
    Some(peer)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::{
        body::Body,
        extract::{ConnectInfo, Request},
    };

    use super::peer;

    /// Who asks over a connection from `connected`, with these headers, behind two proxies.
    fn found(connected: &str, forwarded: &[&str]) -> String {
        let proxies: [IpAddr; 2] =
            ["10.0.0.1", "::ffff:10.0.0.2"].map(|one| one.parse().expect("one"));
        let connected: IpAddr = connected.parse().expect("an address");
        let mut request = Request::get("/").extension(ConnectInfo(SocketAddr::new(connected, 1)));
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let found = peer(&request, &proxies).expect("there is a connection");
        found.to_string()
    }

    #[test]
    fn the_last_address_before_the_proxies_asks() {
        let spoofed = "127.0.0.1, 203.0.113.66";
        for (connected, forwarded, expected) in [
            // Only a proxy is believed.
            ("198.51.100.7", vec![spoofed], "198.51.100.7"),
            ("10.0.0.3", vec![spoofed], "10.0.0.3"),
            ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec!["127.0.0.1, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["127.0.0.1 ,198.51.100.7 , 10.0.0.2"],
                "198.51.100.7",
            ),
            // Several headers are one, in their order.
            ("10.0.0.1", vec![spoofed, "198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["198.51.100.7", "10.0.0.2", "10.0.0.1"],
                "198.51.100.7",
            ),
            // An address of the one family within the other is that of the one.
            ("::ffff:10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["::ffff:198.51.100.7, ::ffff:10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", vec!["2001:db8::7"], "2001:db8::7"),
            // What is not an address is ignored: the proxy counts as the caller.
            ("10.0.0.1", vec!["198.51.100.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.7, "], "10.0.0.1"),
            (
                "10.0.0.1",
                vec!["198.51.100.7, nonsense, 10.0.0.2"],
                "10.0.0.2",
            ),
            ("10.0.0.1", vec!["nonsense, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["10.0.0.2"], "10.0.0.2"),
        ] {
            assert_eq!(
                found(connected, &forwarded),
                expected,
                "{connected} {forwarded:?}"
            );
        }
    }

    #[test]
    fn without_proxies_the_connection_asks_and_without_one_nobody() {
        let header = ("x-forwarded-for", "127.0.0.1");
        let request = || Request::get("/").header(header.0, header.1);
        let none = request().body(Body::empty()).expect("a request");
        assert_eq!(peer(&none, &[]), None);
        let address: SocketAddr = "[::ffff:192.0.2.1]:1".parse().expect("an address");
        let connected = request()
            .extension(ConnectInfo(address))
            .body(Body::empty());
        let found = peer(&connected.expect("a request"), &[]);
        assert_eq!(
            found.map(|peer| peer.to_string()).as_deref(),
            Some("192.0.2.1")
        );
    }
}
