//! The outermost layer of every route: says what is asked for, writes refusals in the form of the
//! route's contract, and counts them.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
    routing::MethodRouter,
};

use super::{Action, AuditContext, context::Asked, refusals::is_refusal};
use crate::{Principal, app::App, http::peer::Peer, refusal::Contract};

/// Where the gate says whom it has seen, also when it refuses them.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<OnceLock<Principal>>);

impl Seen {
    pub(crate) fn tell(&self, principal: &Principal) {
        // It sees each request once.
        let _ = self.0.set(principal.clone());
    }
}

/// Adds the layer to a route.
pub(crate) fn audited(
    app: &App,
    (contract, action): (&'static Contract, Action),
    routes: MethodRouter<App>,
) -> MethodRouter<App> {
    routes.route_layer(middleware::from_fn_with_state(
        (app.clone(), contract, action),
        middleware,
    ))
}

async fn middleware(
    State((app, contract, action)): State<(App, &'static Contract, Action)>,
    mut request: Request,
    next: Next,
) -> Response {
    let seen = Seen::default();
    if let Some(principal) = request.extensions().get::<Principal>() {
        seen.tell(principal);
    }
    request.extensions_mut().insert(seen.clone());
    request.extensions_mut().insert(Asked(action));
    let peer = request.extensions().get::<Peer>().copied();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = contract.render(next.run(request).await);
    let status = response.status();
    if is_refusal(status) || (action.is_some() && is_failure(status)) {
        let path = path.as_ref().map(MatchedPath::as_str);
        let on = path.and_then(|path| named(path, uri.path()));
        let route = format!("{method} {}", path.unwrap_or_default());
        let audit_context = AuditContext::of(seen.0.get(), peer, action);
        let now = app.now_ms();
        app.refusals.note(audit_context, &route, on, status, now);
    }
    response
}

/// What a path names first, if that may be an id: a secret in its place has a `_`.
fn named<'path>(route: &str, path: &'path str) -> Option<&'path str> {
    const LIMIT: usize = 64;
    let mut parts = route.split('/').zip(path.split('/'));
    let (_, named) = parts.find(|(part, _)| part.starts_with('{'))?;
    let in_ids = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_id = !named.is_empty() && named.len() <= LIMIT && named.bytes().all(in_ids);
    is_id.then_some(named)
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
