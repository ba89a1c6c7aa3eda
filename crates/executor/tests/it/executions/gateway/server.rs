//! A gateway as Ignition 8.3 is one: readiness, logins, modules, projects, backups, the trial.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{delete, get, post},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Parameters = Query<HashMap<String, String>>;

/// The token that it takes.
pub(super) const TOKEN: &str = "ci:secret-of-the-token";

/// The gateway; it ends with the test's runtime.
#[derive(Clone)]
pub(super) struct TestGateway {
    pub(super) url: String,
    state: Arc<Mutex<GatewayState>>,
}

#[derive(Default)]
pub(super) struct GatewayState {
    pub(super) commissioning: bool,
    /// Not before this does it answer, and for as long again it starts.
    away_until: Option<Instant>,
    starting_until: Option<Instant>,
    pub(super) restart_takes: Duration,
    /// Requests of the API that it did, with method.
    pub(super) done: Vec<String>,
    pub(super) modules: Vec<Value>,
    /// What waits for an installation.
    uploaded: Option<String>,
    pub(super) uploaded_bytes: u64,
    accepted: Vec<String>,
    /// Modules that it does not let go.
    pub(super) keeps: Vec<String>,
    pub(super) trial_seconds: i64,
    /// The token of the login that goes on, and the sessions.
    login: u32,
    pub(super) sessions: Vec<String>,
}

impl TestGateway {
    pub(super) async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        Self::serve_on(listener.expect("a free port"), "")
    }

    /// The same behind a proxy that puts something before all paths.
    pub(super) fn serve_on(listener: TcpListener, prefix: &str) -> Self {
        let state = Arc::new(Mutex::new(GatewayState {
            restart_takes: Duration::from_millis(400),
            ..GatewayState::default()
        }));
        let api = Router::new()
            .route("/gateway-info", get(gateway_info))
            .route("/trial", get(trial).post(reset_trial))
            .route("/modules/healthy", get(healthy))
            .route(
                "/modules/quarantined",
                get(|| async { Json(json!({"items": []})) }),
            )
            .route("/modules/upload", post(upload))
            .route("/modules/certificate", post(accept_certificate))
            .route("/modules/eula", post(accept_eula))
            .route("/modules/install", post(install))
            .route("/modules/uninstall", delete(uninstall))
            .route("/restart-tasks/restart", post(restart))
            .route(
                "/backup",
                get(|| async { "the whole gateway" }).post(restore),
            )
            .route("/projects/list", get(projects))
            .route("/projects/find/{name}", get(project))
            .route("/scan/projects", post(|| async { StatusCode::OK }))
            .layer(middleware::from_fn_with_state(Arc::clone(&state), guard));
        let routes = Router::new()
            .nest("/data/api/v1", api)
            .route("/StatusPing", get(ping))
            .route(
                "/system/gwinfo",
                get(|| async { "ContextStatus=RUNNING;Version=8.3.0;PlatformEdition=standard;" }),
            )
            .route(
                "/data/app/login",
                get(|| async { found("/idp/default/oidc/auth?client=app&state=s1") }),
            )
            .route("/idp/default/oidc/auth", get(auth))
            .route(
                "/idp/default/authn/login",
                get(|| async { Html("<html>login</html>") }),
            )
            .route("/idp/default/authn/next-challenge", post(next_challenge))
            .route(
                "/idp/default/authn/submit-challenge/basic",
                post(submit_challenge),
            )
            .route("/data/federate/callback/internal", get(callback))
            .route(
                "/data/app/session",
                get(|| async { Json(json!({"csrfToken": "csrf-1"})) }),
            )
            .layer(middleware::from_fn_with_state(
                Arc::clone(&state),
                available,
            ))
            .with_state(Arc::clone(&state));
        let routes = match prefix {
            "" => routes,
            prefix => Router::new().nest(prefix, routes),
        };
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            url: format!("http://{address}{prefix}"),
            state,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, GatewayState> {
        self.state.lock().unwrap()
    }
}

type Shared = State<Arc<Mutex<GatewayState>>>;

fn found(to: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to.to_owned())]).into_response()
}

/// While it restarts nothing answers; one that is not commissioned redirects everything.
async fn available(State(state): Shared, request: Request, next: Next) -> Response {
    let (away, commissioning) = {
        let state = state.lock().unwrap();
        let away = state.away_until.is_some_and(|until| Instant::now() < until);
        (away, state.commissioning)
    };
    if away {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if commissioning && !request.uri().path().ends_with("/StatusPing") {
        return found("/welcome");
    }
    next.run(request).await
}

/// Who asks: a token, or a session, which needs more for changes. Its refusals are pages.
async fn guard(State(state): Shared, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let page = |status| (status, Html("<html><body>Who are you?</body></html>")).into_response();
    let open = request.uri().path() == "/trial" && request.method() == Method::GET;
    let token = text("x-ignition-api-token") == TOKEN;
    let session = {
        let state = state.lock().unwrap();
        state
            .sessions
            .iter()
            .any(|one| text("cookie").contains(one.as_str()))
    };
    let changes = request.method() != Method::GET;
    if !(open || token || session) {
        return page(StatusCode::UNAUTHORIZED);
    }
    if !token && changes && text("x-csrf-token") != "csrf-1" {
        return page(StatusCode::FORBIDDEN);
    }
    if changes {
        let done = format!("{} {}", request.method(), request.uri().path());
        state.lock().unwrap().done.push(done);
    }
    next.run(request).await
}

async fn ping(State(state): Shared) -> Json<Value> {
    let state = state.lock().unwrap();
    if state.commissioning {
        return Json(json!({"state": "RUNNING", "details": "COMMISSIONING"}));
    }
    let starting = state
        .starting_until
        .is_some_and(|until| Instant::now() < until);
    Json(json!({"state": if starting { "STARTING" } else { "RUNNING" }}))
}

async fn gateway_info() -> Json<Value> {
    Json(
        json!({"name": "gw", "ignitionVersion": "8.3.1", "edition": "standard",
        "license": {"mode": "trial"}}),
    )
}

async fn trial(State(state): Shared) -> Json<Value> {
    let left = state.lock().unwrap().trial_seconds;
    Json(
        json!({"licenseMode": "trial", "trialState": "AllInDemo", "trialSecondsLeft": left,
        "expired": left == 0}),
    )
}

async fn reset_trial(State(state): Shared) -> StatusCode {
    let mut state = state.lock().unwrap();
    if state.trial_seconds > 0 {
        return StatusCode::FORBIDDEN;
    }
    state.trial_seconds = 7200;
    StatusCode::OK
}

async fn healthy(State(state): Shared, Query(query): Parameters) -> Json<Value> {
    let number = |name: &str| query[name].parse::<usize>().expect("a number");
    let state = state.lock().unwrap();
    let items = state
        .modules
        .iter()
        .skip(number("offset"))
        .take(number("limit"));
    Json(json!({"total": state.modules.len(), "items": items.collect::<Vec<_>>()}))
}

async fn upload(State(state): Shared, Query(query): Parameters, body: Body) -> Json<Value> {
    let mut bytes = 0;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        bytes += piece.expect("a piece").len() as u64;
    }
    let mut state = state.lock().unwrap();
    let id = query["fileName"].trim_end_matches(".modl").to_owned();
    state.uploaded_bytes = bytes;
    state.uploaded = Some(id.clone());
    Json(
        json!({"moduleId": id, "licenseAccepted": false, "certAccepted": false,
        "containsEula": true, "containsCert": true}),
    )
}

async fn accept_certificate(State(state): Shared) -> StatusCode {
    state
        .lock()
        .unwrap()
        .accepted
        .push("certificate".to_owned());
    // It is trusted already.
    StatusCode::CONFLICT
}

async fn accept_eula(State(state): Shared) -> StatusCode {
    state.lock().unwrap().accepted.push("eula".to_owned());
    StatusCode::OK
}

async fn install(State(state): Shared, Query(query): Parameters) -> Json<Value> {
    let mut state = state.lock().unwrap();
    let id = query["moduleId"].clone();
    if state.uploaded.as_ref() != Some(&id) || state.accepted.len() < 2 {
        return Json(json!({"success": false, "message": "the license is not accepted"}));
    }
    match state.modules.iter_mut().find(|module| module["id"] == id) {
        Some(running) => running["pendingUpgrade"] = json!("2.0.0 (b2)"),
        None => state
            .modules
            .push(json!({"id": id, "name": "New", "version": "1.0.0 (b1)",
            "state": "ACTIVE"})),
    }
    Json(json!({"success": true, "message": ""}))
}

async fn uninstall(State(state): Shared, Json(body): Json<Value>) -> Json<Value> {
    let mut state = state.lock().unwrap();
    let id = body["uninstall"][0].as_str().expect("an id").to_owned();
    if state.keeps.contains(&id) {
        return Json(json!({"success": false, "failedUninstalls": [id]}));
    }
    state.modules.retain(|module| module["id"] != id.as_str());
    Json(json!({"success": true, "failedUninstalls": []}))
}

fn go_down(state: &mut GatewayState) {
    let takes = state.restart_takes;
    // It still answers for a moment.
    state.away_until = None;
    state.starting_until = Some(Instant::now() + takes * 2);
    state.sessions.clear();
    for module in &mut state.modules {
        if let Some(version) = module
            .as_object_mut()
            .and_then(|one| one.remove("pendingUpgrade"))
        {
            module["version"] = version;
        }
    }
}

async fn restart(State(state): Shared, Query(query): Parameters) -> Response {
    if query.get("confirm").map(String::as_str) != Some("true") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    go_down(&mut state.lock().unwrap());
    let takes = state.lock().unwrap().restart_takes;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        state.lock().unwrap().away_until = Some(Instant::now() + takes);
    });
    Json(json!(true)).into_response()
}

async fn restore(State(state): Shared, body: String) -> StatusCode {
    let mut state = state.lock().unwrap();
    state.done.push(format!("restored {body}"));
    go_down(&mut state);
    StatusCode::OK
}

async fn projects() -> Json<Value> {
    Json(json!([{"name": "line", "title": "Line", "enabled": true, "parent": null}]))
}

async fn project(Path(name): Path<String>) -> Response {
    if name == "line" {
        return Json(json!({"name": "line", "title": "Line"})).into_response();
    }
    (
        StatusCode::NOT_FOUND,
        Json(json!({"message": format!("no project {name}")})),
    )
        .into_response()
}

/// A token that is good for one call.
fn rotated(state: &mut GatewayState) -> String {
    state.login += 1;
    format!("T{}", state.login)
}

async fn auth(State(state): Shared, Query(query): Parameters) -> Response {
    let mut state = state.lock().unwrap();
    match query.get("token") {
        Some(token) if *token == format!("T{}", state.login) => {
            found("/data/federate/callback/internal?code=c1")
        }
        Some(_) => StatusCode::BAD_REQUEST.into_response(),
        None => {
            let token = rotated(&mut state);
            let to = format!("/idp/default/authn/login?token={token}");
            (
                StatusCode::FOUND,
                [
                    (header::LOCATION, to),
                    (header::SET_COOKIE, "idp=1; Path=/; HttpOnly".to_owned()),
                ],
            )
                .into_response()
        }
    }
}

/// The cookie of the login, and the newest token.
fn is_current(state: &GatewayState, headers: &HeaderMap, body: &Value) -> bool {
    let cookie = headers
        .get(header::COOKIE)
        .is_some_and(|cookie| cookie.as_bytes().starts_with(b"idp=1"));
    cookie && body["token"] == format!("T{}", state.login)
}

async fn next_challenge(
    State(state): Shared,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let mut state = state.lock().unwrap();
    if !is_current(&state, &headers, &body) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let complete = state.login > 2;
    let token = rotated(&mut state);
    Json(json!({"complete": complete, "nextChallenge": [{"type": "basic"}], "token": token}))
        .into_response()
}

async fn submit_challenge(
    State(state): Shared,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let mut state = state.lock().unwrap();
    if !is_current(&state, &headers, &body) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let right = body["challenge"] == json!({"username": "admin", "password": "pw"});
    let token = rotated(&mut state);
    Json(json!({"success": right, "token": token})).into_response()
}

async fn callback(State(state): Shared) -> Response {
    let mut state = state.lock().unwrap();
    state.login = 0;
    let session = format!(
        "JSESSIONID=s{}",
        state.done.len() + state.sessions.len() + 1
    );
    state.sessions.push(session.clone());
    let cookie = format!("{session}; Path=/; HttpOnly");
    (
        [(header::SET_COOKIE, cookie)],
        Redirect::to("/data/app/home"),
    )
        .into_response()
}
