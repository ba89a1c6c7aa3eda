//! Authentication and the scope check in front of every route.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::{Body, HttpBody},
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, Version},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use futures_util::StreamExt;

use super::{
    Principal,
    cache::Found,
    credentials::{self, Credentials},
    executor_identity, held, operator_token,
    principal::KeyHolder,
    rate::Rate,
    refused::Refused,
    scope::Scope,
    tickets::{self, Purpose},
};
use crate::{
    app::App,
    audit::Seen,
    http::{connections::Link, peer::Peer},
};

/// The scope that a route needs, and whether it needs room on the disk.
type Needs = (Scope, bool);

/// Adds the check to a route that needs `scope`.
pub(crate) fn scope_checked(
    app: &App,
    needs: Needs,
    routes: MethodRouter<App>,
) -> MethodRouter<App> {
    routes.route_layer(middleware::from_fn_with_state((app.clone(), needs), check))
}

async fn check(
    State((app, (scope, needs_room))): State<(App, Needs)>,
    mut request: Request,
    next: Next,
) -> Response {
    match scope {
        Scope::Open => return next.run(request).await,
        Scope::Secret => return counted(&app, request, next).await,
        _ => {}
    }
    let principal = match identify(&app, &mut request).await {
        Ok(Principal::Builtin) => return next.run(request).await,
        Ok(principal) => principal,
        Err(refused) => return refused.into_response(),
    };
    if let Some(seen) = request.extensions().get::<Seen>() {
        seen.tell(&principal);
    }
    let rate = rate_of(&app, &principal);
    let admitted = match rate.map_or(Ok(()), |rate| rate.take(app.now_ms())) {
        Ok(()) => admit(&app, scope, &principal, &mut request).await,
        Err(wait_ms) => Err(Refused::TooOften(wait_ms)),
    };
    let mut answer = match admitted {
        Ok(()) if needs_room && let Err(full) = app.disk.must_have_room() => full.into_response(),
        Ok(()) => {
            if let Some(link) = request.extensions().get::<Link>() {
                link.mark_known();
            }
            pass(&app, scope, &principal, request, next).await
        }
        Err(refused) => refused.into_response(),
    };
    if let Some(rate) = rate {
        rate.write(answer.headers_mut(), app.now_ms());
    }
    answer
}

/// How often the principal may ask, if there is a bound.
fn rate_of<'key>(app: &App, principal: &'key Principal) -> Option<Rate<'key>> {
    Rate::of(principal.key()?, app.settings.requests_per_minute)
}

/// A request that shows a secret of its own, unless its address has shown too many wrong ones.
async fn counted(app: &App, request: Request, next: Next) -> Response {
    let peer = peer(&request);
    // Counted before it is looked at: those that come at once count as well.
    if let Err(wait_ms) = app.failed_auth.take(peer, app.now_ms()) {
        return Refused::FailedAuthLimiter(wait_ms).into_response();
    }
    let answer = next.run(request).await;
    if answer.status() != StatusCode::UNAUTHORIZED {
        app.failed_auth.release(peer, app.now_ms());
    }
    answer
}

fn peer(request: &Request) -> Option<IpAddr> {
    request
        .extensions()
        .get::<Peer>()
        .map(|Peer(address)| *address)
}

/// Lets a request through, as long as the principal may do it.
async fn pass(
    app: &App,
    scope: Scope,
    principal: &Principal,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(principal.clone());
    // A caller that makes the first key, or revokes its own, ends its own access and gets the answer.
    if scope == Scope::KeysWrite {
        return next.run(request).await;
    }
    // A call may wait for a minute, and a stream may flow forever: both end with the key.
    tokio::select! {
        biased;
        response = next.run(request) => until_ended(app, principal, response),
        () = app.keys.ended(principal, &app.clock) => Refused::Unknown.into_response(),
    }
}

/// The answer; a stream ends when `principal` may no longer read it.
fn until_ended(app: &App, principal: &Principal, response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let counted = match principal.enter_stream() {
        Ok(counted) => counted,
        Err(refusal) => return refusal.into_response(),
    };
    let (app, principal) = (app.clone(), principal.clone());
    response.map(|body| {
        let ended = async move { app.keys.ended(&principal, &app.clock).await };
        let stream = body.into_data_stream().take_until(Box::pin(ended));
        Body::from_stream(stream.inspect(move |_| {
            let _ = &counted;
        }))
    })
}

/// Whether the principal may do what it asks for.
async fn admit(
    app: &App,
    scope: Scope,
    principal: &Principal,
    request: &mut Request,
) -> Result<(), Refused> {
    let allowed = principal.scopes().allow(scope);
    if held::concerns(scope, principal, request, allowed) {
        return match held::holds(app, principal, request).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refused::NotHeld),
            Err(error) => Err(unavailable(&error)),
        };
    }
    if !allowed {
        return Err(Refused::of_scope(principal, scope));
    }
    if executor_identity::names_another(principal, request).await {
        return Err(Refused::Another);
    }
    Ok(())
}

/// Who asks.
async fn identify(app: &App, request: &mut Request) -> Result<Principal, Refused> {
    if let Some(principal) = request.extensions().get::<Principal>() {
        return Ok(principal.clone());
    }
    let (now, peer, origin) = (app.now_ms(), peer(request), origin(request));
    let seen = request.extensions().get::<Seen>().cloned();
    let found = match credentials::take(request) {
        Credentials::Key(key) => look_up(app, Some(&key), origin, seen).await,
        Credentials::Nothing => look_up(app, None, origin, seen).await,
        // To look for a ticket is a write: who has shown too many wrong ones does not cause it, and
        // those that are looked for right now count as well.
        Credentials::Ticket(ticket) => {
            app.failed_auth
                .take(peer, now)
                .map_err(Refused::FailedAuthLimiter)?;
            let found = connect(app, ticket, now).await;
            if !matches!(found, Err(Refused::Unknown)) {
                app.failed_auth.release(peer, now);
            }
            return found;
        }
    };
    if let Err(Refused::Unknown) = found {
        app.failed_auth
            .take(peer, now)
            .map_err(Refused::FailedAuthLimiter)?;
    }
    found
}

/// Who has the key that is shown. One that is not good any more is refused as any other, but the audit is
/// told whose it was: it may be stolen.
async fn look_up(
    app: &App,
    text: Option<&str>,
    origin: Origin,
    seen: Option<Seen>,
) -> Result<Principal, Refused> {
    let token = text.filter(|text| operator_token::has_form(text));
    let text = text.filter(|_| token.is_none());
    match app.keys.find(&app.store, text, app.now_ms()).await {
        Ok(Found::Key(key)) => Ok(Principal::Key(KeyHolder(key))),
        Ok(Found::Ended(key)) => {
            if let Some(seen) = seen {
                seen.tell(&Principal::Key(KeyHolder(key)));
            }
            Err(Refused::Unknown)
        }
        Ok(Found::Unknown) => Err(Refused::Unknown),
        Ok(Found::Missing) => Err(Refused::NoKey),
        Ok(Found::NoKeys) if origin == Origin::Elsewhere => Err(Refused::Remote),
        Ok(Found::NoKeys) if !app.hosts.are_loopback() => Err(Refused::Named),
        Ok(Found::NoKeys) if origin == Origin::Process => Ok(Principal::Operator),
        Ok(Found::NoKeys) if token.is_some_and(|token| app.operator.is(token)) => {
            Ok(Principal::Operator)
        }
        Ok(Found::NoKeys) => Ok(Principal::Loopback),
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
    let subject = subject.ok_or(Refused::Unknown)?.subject;
    if subject.is_empty() {
        let any = app.keys.any(&app.store).await;
        return match any.map_err(|error| unavailable(&error))? {
            false if app.hosts.are_loopback() => Ok(Principal::Loopback),
            _ => Err(Refused::Unknown),
        };
    }
    let key = app.keys.by_id(&app.store, &subject, now).await;
    let key = key.map_err(|error| unavailable(&error))?;
    key.map(|key| Principal::Key(KeyHolder(key)))
        .ok_or(Refused::Unknown)
}

/// Where a request comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The process itself, without a connection.
    Process,
    Machine,
    Elsewhere,
}

/// Where a request comes from. What a proxy passes on comes from anywhere.
fn origin(request: &Request) -> Origin {
    const FORWARDED: [&str; 7] = [
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "cf-connecting-ip",
        "fly-client-ip",
        "true-client-ip",
    ];
    const FORWARDED_BEGINS: &str = "x-forwarded";
    // The version that nginx speaks to its upstream by default, without any such header.
    let forwarded = request.version() == Version::HTTP_10
        || request.headers().keys().any(|name| {
            FORWARDED.contains(&name.as_str()) || name.as_str().starts_with(FORWARDED_BEGINS)
        });
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
    match peer(request) {
        _ if forwarded => Origin::Elsewhere,
        Some(address) if address.to_canonical().is_loopback() => Origin::Machine,
        None if connection.is_none() => Origin::Process,
        _ => Origin::Elsewhere,
    }
}

fn unavailable(error: &store::Error) -> Refused {
    tracing::error!(%error, "the keys could not be read");
    Refused::Unavailable
}
