//! What is checked of every request before a route sees it: where it claims to go and who asks.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};

use crate::{Principal, api::refusal, app::App, audit::Asker, budget, hosts::Hosts};

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
            note(&app, &request);
            return refusal(request.uri().path(), StatusCode::FORBIDDEN, message);
        }
        if is_foreign(request.headers(), host, &app.hosts) {
            let message = "the request comes from a page of another site; see --allowed-host \
                and --cors-origin";
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
    let status = StatusCode::FORBIDDEN;
    app.refusals.note(asker, "any", None, status, now);
}

/// Whether a browser says that a page of another site asks. Who is no browser says nothing.
fn is_foreign(headers: &HeaderMap, host: &str, hosts: &Hosts) -> bool {
    let origins = || {
        let origins = headers.get_all(header::ORIGIN).iter();
        // What is no text is nobody's.
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
