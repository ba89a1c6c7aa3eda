//! What is checked of every request before a route sees it: where it claims to go and who asks.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    budget,
    hosts::Hosts,
    peer::{Peer, peer},
};
use crate::{
    Principal,
    app::App,
    audit::AuditContext,
    refusal::{Refusal, RefusalKind},
};

/// Paths that need no key and answer under any Host.
const PROBES: [&str; 9] = [
    "/livez",
    "/readyz",
    "/api/v1/health",
    "/api/v1/metrics",
    "/api/health",
    "/health",
    "/health/live",
    "/health/ready",
    "/health/detailed",
];

/// Refuses a request whose Host is not ours: a page of another site whose name was made to point
/// here (DNS rebinding) sends its own name. Refuses what a page of another site asks for: a browser
/// sends its simple requests here without asking first, and says where they come from. What tells whether the
/// server is well tells nothing else, and is asked for by whatever address a prober knows.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Principal>().is_none() {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = hosts.next();
        if hosts.next().is_some() {
            return Refusal::bad_request("the request has several Host headers").into_response();
        }
        let host = host
            .and_then(|host| host.to_str().ok())
            .or_else(|| request.uri().authority().map(http::uri::Authority::as_str))
            .unwrap_or_default();
        let is_probe = PROBES.contains(&request.uri().path());
        if !is_probe && !app.hosts.allow(host) {
            let message = "the Host header does not name this server; see --allowed-host";
            return forbid(&app, &request, message);
        }
        if !is_probe && is_foreign(request.headers(), host, &app.hosts) {
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
    Refusal::new(kind, message).into_response()
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
