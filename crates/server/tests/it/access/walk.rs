//! Every route of the document, which is made from the router's table, with every kind of key. A new
//! route is walked without being named here; a new scope is not, so that its place is decided.

use http::Method;
use serde_json::{Value, json};

use super::{Keyed, text};
use crate::{
    answer::{Answer, Call},
    test_server::SHA256,
};

/// What each role may do, besides the admin, who may do everything.
const ROLES: [(&str, &[&str]); 3] = [
    (
        "user",
        &[
            "jobs:read",
            "jobs:write",
            "jobs:cancel",
            "plugin-jobs:read",
            "plugin-jobs:write",
            "plugin-jobs:cancel",
            "playgrounds:read",
            "playgrounds:write",
            "launch:write",
            "playspecs:read",
            "playspecs:write",
            "playrooms:read",
            "playrooms:write",
            "playbooks:read",
            "playbooks:write",
            "playbooks:execute",
            "executions:read",
            "executions:write",
            "executions:cancel",
            "schedules:read",
            "schedules:write",
            "credentials:read",
            "credentials:write",
            "keys:read",
            "events:read",
            "stats:read",
        ],
    ),
    (
        "readonly",
        &[
            "jobs:read",
            "plugin-jobs:read",
            "playgrounds:read",
            "playspecs:read",
            "playrooms:read",
            "playbooks:read",
            "executions:read",
            "schedules:read",
            "credentials:read",
            "events:read",
            "stats:read",
        ],
    ),
    ("executor", &["runs:perform"]),
];

/// What only an admin may do, unless a key lists it.
const ADMINS: [&str; 9] = [
    "playgrounds:delete",
    "playspecs:delete",
    "playrooms:delete",
    "playbooks:delete",
    "executions:delete",
    "schedules:delete",
    "credentials:delete",
    "keys:write",
    "hooks:read",
];
const MORE_ADMINS: [&str; 4] = [
    "hooks:write",
    "audit:read",
    "plugin-jobs:delete",
    "playgrounds:reveal",
];

/// What needs no key, or a secret of its own, and what any key may but an executor's.
const NO_KEY: [&str; 2] = ["open", "secret"];
const FOR_ALL: [&str; 3] = ["open", "secret", "known"];

/// On these holding the run or the program decides, and the walk's executor holds nothing.
const HELD: [(&str, &str); 3] = [
    ("GET", "/api/v1/jobs/{id}"),
    ("GET", "/api/v1/jobs/{id}/logs"),
    ("GET", "/api/v1/binaries/{sha256}"),
];

struct Route {
    method: Method,
    /// As the router has it.
    path: String,
    /// With values in it.
    concrete: String,
    scope: String,
}

fn routes() -> Vec<Route> {
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            routes.push(Route {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                concrete: concrete(path),
                scope: text(&operation["x-scope"]),
            });
        }
    }
    assert!(routes.len() >= 30, "the document has too few routes");
    routes
}

/// Values that name nothing, but for the executor's own name.
fn concrete(path: &str) -> String {
    let values = path.split('/').map(|part| match part {
        "{sha256}" => SHA256,
        "{executor}" => "walker",
        part if part.starts_with('{') => "018cc4e5-2200-7000-8000-000000000001",
        part => part,
    });
    values.collect::<Vec<_>>().join("/")
}

fn known_scopes() -> Vec<&'static str> {
    let of_roles = ROLES.iter().flat_map(|(_, scopes)| scopes.iter().copied());
    let mut scopes: Vec<_> = of_roles.chain(ADMINS).chain(MORE_ADMINS).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// The refusal must be of this status and in the form of the route's face.
async fn refused(route: &Route, who: &str, answer: Answer, status: u16) {
    let (path, method) = (&route.path, &route.method);
    assert_eq!(answer.status, status, "{method} {path} as {who}");
    assert_eq!(
        answer.headers.contains_key("www-authenticate"),
        status == 401,
        "{method} {path} as {who}"
    );
    let body = answer.json(status).await;
    let message = if path.starts_with("/api/v1") || path.starts_with("/playground") {
        &body["error"]
    } else if ["/api/play", "/api/marquees", "/api/launch"]
        .iter()
        .any(|root| path.starts_with(root))
        && !path.starts_with("/api/playbooks")
    {
        &body["error"]["message"]
    } else if [
        "/api/playbooks",
        "/api/executions",
        "/api/credentials",
        "/api/schedules",
        "/api/config",
        "/api/logs",
    ]
    .iter()
    .any(|root| path.starts_with(root))
    {
        &body["detail"]["message"]
    } else {
        &body["detail"]
    };
    assert!(message.is_string(), "{method} {path} as {who}: {body}");
}

fn passed(route: &Route, who: &str, answer: &Answer) {
    let (path, method) = (&route.path, &route.method);
    let refused = answer.status == 401 || answer.status == 403;
    assert!(!refused, "{method} {path} as {who}: {}", answer.status);
    assert!(
        !answer.status.is_server_error(),
        "{method} {path} as {who}: {}",
        answer.status
    );
}

#[tokio::test]
async fn a_request_without_a_good_key_passes_nowhere() {
    let keyed = Keyed::open().await;
    let expired = keyed
        .make(&json!({"name": "short", "role": "admin", "expires_in_days": 1}))
        .await;
    let revoked = keyed.make(&json!({"name": "gone", "role": "admin"})).await;
    keyed.server.clock.advance_ms(24 * 3_600_000);
    keyed.revoke(&revoked["id"]).json(200).await;
    let stranger = Keyed::open().await.admin;
    let good = &keyed.admin;
    let forged = format!("{}{}", &good[..good.len() - 40], "0".repeat(40));
    for route in routes() {
        let method = || route.method.clone();
        let none = keyed.server.send(method(), &route.concrete, "").await;
        if NO_KEY.contains(&route.scope.as_str()) {
            passed(&route, "no key", &none);
            continue;
        }
        refused(&route, "no key", none, 401).await;
        let keys = [
            ("malformed", "itk_"),
            ("empty", ""),
            ("another server's", &stranger),
            ("forged", &forged),
            ("expired", expired["key"].as_str().expect("a key")),
            ("revoked", revoked["key"].as_str().expect("a key")),
        ];
        for (who, key) in keys {
            let answer = keyed.send(key, method(), &route.concrete, "").await;
            refused(&route, who, answer, 401).await;
            let answer = bearer(&keyed, key, method(), &route.concrete).await;
            refused(&route, &format!("{who}, as a bearer"), answer, 401).await;
        }
        let answer = keyed.send(good, method(), &route.concrete, "").await;
        passed(&route, "admin", &answer);
        let answer = bearer(&keyed, good, method(), &route.concrete).await;
        passed(&route, "admin, as a bearer", &answer);
    }
}

/// Sends a request that shows `key` in the other header.
fn bearer<'a>(keyed: &'a Keyed, key: &str, method: Method, path: &str) -> Call<'a> {
    let key = format!("Bearer {key}");
    let headers = [("authorization", &*key)];
    keyed.server.with_headers(method, path, &headers, "")
}

#[tokio::test]
async fn to_ask_for_the_head_needs_what_the_whole_needs() {
    let keyed = Keyed::open().await;
    let gone = keyed.make(&json!({"name": "gone", "role": "admin"})).await;
    keyed.revoke(&gone["id"]).json(200).await;
    let mut readers = Vec::new();
    for (role, scopes) in ROLES {
        readers.push((role, scopes, keyed.key("walker", role).await));
    }
    let routes = routes();
    for route in routes.iter().filter(|route| route.method == Method::GET) {
        let head = async |key: &str| keyed.send(key, Method::HEAD, &route.concrete, "").await;
        let open = NO_KEY.contains(&route.scope.as_str());
        if !open {
            let none = keyed.server.send(Method::HEAD, &route.concrete, "").await;
            assert_eq!(none.status, 401, "{}", route.path);
            let revoked = head(&text(&gone["key"])).await;
            assert_eq!(revoked.status, 401, "{}", route.path);
        }
        passed(route, "admin", &head(&keyed.admin).await);
        for (role, scopes, key) in &readers {
            let scope = route.scope.as_str();
            let answer = head(key).await;
            let known = scope == "known" && *role != "executor";
            // An executor reads what it holds, and holds nothing.
            let held = HELD.contains(&("GET", &route.path)) && *role == "executor";
            if open || known || (scopes.contains(&scope) && !held) {
                passed(route, role, &answer);
            } else {
                assert_eq!(answer.status, 403, "HEAD {} as {role}", route.path);
            }
        }
    }
}

#[tokio::test]
async fn every_role_passes_where_its_scopes_say_and_nowhere_else() {
    let keyed = Keyed::open().await;
    let known = known_scopes();
    for (role, scopes) in ROLES {
        let key = keyed.key("walker", role).await;
        for route in routes() {
            let answer = keyed
                .send(&key, route.method.clone(), &route.concrete, "")
                .await;
            let scope = route.scope.as_str();
            let decided = known.contains(&scope) || FOR_ALL.contains(&scope);
            assert!(decided, "{scope}: say which roles have it");
            let held = HELD.contains(&(route.method.as_str(), &route.path));
            let for_it = match role {
                "executor" => &FOR_ALL[..2],
                _ => &FOR_ALL,
            };
            let allowed = for_it.contains(&scope) || scopes.contains(&scope);
            if allowed && !(role == "executor" && held) {
                passed(&route, role, &answer);
            } else {
                refused(&route, role, answer, 403).await;
            }
        }
    }
}

#[tokio::test]
async fn one_scope_opens_its_routes_and_all_others_do_not() {
    let keyed = Keyed::open().await;
    let known = known_scopes();
    for route in routes() {
        if FOR_ALL.contains(&route.scope.as_str()) {
            continue;
        }
        let others: Vec<_> = known
            .iter()
            .filter(|scope| **scope != route.scope)
            .collect();
        let name = json!(format!("{} {}", route.method, route.path));
        let new = json!({"name": name, "role": "custom", "scopes": others});
        let without = text(&keyed.make(&new).await["key"]);
        let answer = keyed
            .send(&without, route.method.clone(), &route.concrete, "")
            .await;
        refused(&route, "all other scopes", answer, 403).await;

        let held = HELD.contains(&(route.method.as_str(), &route.path));
        let new = json!({"name": "walker", "role": "custom", "scopes": [route.scope]});
        let made = keyed.make(&new).await;
        let with = text(&made["key"]);
        let answer = keyed
            .send(&with, route.method.clone(), &route.concrete, "")
            .await;
        if held && route.scope == "runs:perform" {
            refused(&route, "an executor that holds nothing", answer, 403).await;
        } else {
            passed(&route, "its scope alone", &answer);
        }
        // No two executors have one name.
        keyed.revoke(&made["id"]).json(200).await;
    }
}
