//! The gate in front of every route: who asks, and whether it may.

use axum::{
    body::{Body, HttpBody},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::MethodRouter,
};
use futures_util::StreamExt;

use super::{
    Principal,
    cache::Found,
    held, performer,
    principal::KeyHolder,
    scope::Scope,
    shown::{self, Shown},
    tickets::{self, Purpose},
};
use crate::{api::refusal, app::App, audit::Seen, guard::Peer};

/// Puts the gate in front of a route that needs `scope`.
pub(crate) fn guarded(app: &App, scope: Scope, routes: MethodRouter<App>) -> MethodRouter<App> {
    routes.route_layer(middleware::from_fn_with_state((app.clone(), scope), check))
}

async fn check(
    State((app, scope)): State<(App, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    if scope == Scope::Open {
        return next.run(request).await;
    }
    let principal = match admit(&app, scope, &mut request).await {
        Ok(principal) => principal,
        Err(refused) => return refused.answer(request.uri().path()),
    };
    if matches!(principal, Principal::Builtin) {
        return next.run(request).await;
    }
    request.extensions_mut().insert(principal.clone());
    // Whoever makes the first key, or revokes its own, ends itself, and is to hear of it.
    if scope == Scope::KeysWrite {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    // A call may wait for a minute, and a stream may flow for ever: both end with the key.
    tokio::select! {
        biased;
        response = next.run(request) => until_ended(app, principal, response),
        () = app.keys.ended(&principal, &app.clock) => Refused::Unknown.answer(&path),
    }
}

/// The answer; a stream ends when `principal` may no longer read it.
fn until_ended(app: App, principal: Principal, response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        let ended = async move { app.keys.ended(&principal, &app.clock).await };
        Body::from_stream(body.into_data_stream().take_until(Box::pin(ended)))
    })
}

/// Why a request does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// It shows no key.
    NoKey,
    /// It shows none, there are none, and it does not come from this machine.
    Remote,
    /// Its key or ticket is not good.
    Unknown,
    /// Its key does not have the scope.
    Scope(Scope),
    /// It is an executor's, and the executor does not hold the run.
    NotHeld,
    /// It is an executor's, and the path names another executor.
    Another,
    /// The database did not say which keys there are.
    Unavailable,
}

/// Who asks, if it may.
async fn admit(app: &App, scope: Scope, request: &mut Request) -> Result<Principal, Refused> {
    let principal = match request.extensions().get::<Principal>() {
        Some(principal) => return Ok(principal.clone()),
        None => identify(app, request).await?,
    };
    if let Some(seen) = request.extensions().get::<Seen>() {
        seen.tell(&principal);
    }
    let allowed = principal.scopes().allow(scope);
    if held::concerns(scope, &principal, request, allowed) {
        return match held::holds(app, &principal, request).await {
            Ok(true) => Ok(principal),
            Ok(false) => Err(Refused::NotHeld),
            Err(error) => Err(unavailable(&error)),
        };
    }
    if !allowed {
        return Err(Refused::Scope(scope));
    }
    if performer::names_another(&principal, request).await {
        return Err(Refused::Another);
    }
    Ok(principal)
}

async fn identify(app: &App, request: &mut Request) -> Result<Principal, Refused> {
    let now = app.now_ms();
    let shown = shown::take(request);
    let text = match &shown {
        Shown::Ticket(ticket) => return connect(app, ticket.clone(), now).await,
        Shown::Key(key) => Some(key.as_str()),
        Shown::Nothing => None,
    };
    match app.keys.find(&app.store, text, now).await {
        Ok(Found::Key(key)) => Ok(Principal::Key(KeyHolder(key))),
        Ok(Found::Wrong) => Err(Refused::Unknown),
        Ok(Found::Missing) => Err(Refused::NoKey),
        Ok(Found::NoKeys) if is_local(request) => Ok(Principal::Loopback),
        Ok(Found::NoKeys) => Err(Refused::Remote),
        Err(error) => Err(unavailable(&error)),
    }
}

/// Who a ticket was made for.
async fn connect(app: &App, ticket: String, now: i64) -> Result<Principal, Refused> {
    let take = move |batch: &mut store::Batch<'_, '_>| {
        tickets::take(batch, Purpose::Connect, &ticket, now)
    };
    let subject = app
        .store
        .write(take)
        .await
        .map_err(|error| unavailable(&error))?;
    let subject = subject.ok_or(Refused::Unknown)?;
    if subject.is_empty() {
        let any = app.keys.any(&app.store).await;
        return match any.map_err(|error| unavailable(&error))? {
            true => Err(Refused::Unknown),
            false => Ok(Principal::Loopback),
        };
    }
    let key = app.keys.by_id(&app.store, &subject, now).await;
    let key = key.map_err(|error| unavailable(&error))?;
    key.map(|key| Principal::Key(KeyHolder(key)))
        .ok_or(Refused::Unknown)
}

/// Whether a request comes from this machine. What a proxy passes on comes from anywhere.
fn is_local(request: &Request) -> bool {
    const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];
    let forwarded = FORWARDED
        .iter()
        .any(|name| request.headers().contains_key(*name));
    // Without a connection it was made in this process.
    let connected = request
        .extensions()
        .get::<ConnectInfo<std::net::SocketAddr>>()
        .is_some();
    let peer = request.extensions().get::<Peer>();
    !forwarded
        && match peer {
            Some(Peer(address)) => address.to_canonical().is_loopback(),
            None => !connected,
        }
}

fn unavailable(error: &store::Error) -> Refused {
    tracing::error!(%error, "the keys could not be read");
    Refused::Unavailable
}

impl Refused {
    fn answer(self, path: &str) -> Response {
        let (status, message) = match self {
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "a key is needed: send it as X-API-Key, or as Authorization: Bearer".to_owned(),
            ),
            Self::Remote => (
                StatusCode::UNAUTHORIZED,
                "there are no keys yet, so this server answers requests from its own machine \
                 only; make the first key there"
                    .to_owned(),
            ),
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                "the key is not known, was revoked, or has expired".to_owned(),
            ),
            Self::Scope(scope) => (
                StatusCode::FORBIDDEN,
                format!("the key does not have the scope {}", scope.as_str()),
            ),
            Self::NotHeld => (
                StatusCode::FORBIDDEN,
                "an executor's key reads only what its executor holds".to_owned(),
            ),
            Self::Another => (
                StatusCode::FORBIDDEN,
                "the key belongs to another executor: give the executor the name of its key"
                    .to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the database is not available; nothing was changed".to_owned(),
            ),
        };
        let mut answer = refusal(path, status, &message);
        if status == StatusCode::UNAUTHORIZED {
            challenge(answer.headers_mut());
        }
        answer
    }
}

/// How to show a key.
fn challenge(headers: &mut HeaderMap) {
    for scheme in ["Bearer", "ApiKey"] {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
}
