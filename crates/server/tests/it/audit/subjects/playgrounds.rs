//! The same, of the routes of playgrounds, playspecs and playrooms.

use http::Method;
use serde_json::{Value, json};

use super::post;
use crate::{
    access::{Keyed, text},
    playgrounds::{COMPOSE, applied, registration, service},
};

/// Whether a route is one of these.
pub(super) fn has(route: &str) -> bool {
    let roots = [
        "/api/playgrounds",
        "/api/playspecs",
        "/api/playrooms",
        "/api/marquees",
        "/api/launch",
    ];
    roots.iter().any(|root| route.starts_with(root))
}

pub(super) async fn of(
    keyed: &Keyed,
    method: &Method,
    route: &str,
) -> (String, String, &'static str) {
    let name = format!("{method} {route}");
    if route.contains("/playrooms") || route.contains("/marquees") {
        return of_playrooms(keyed, method, route).await;
    }
    if route == "/api/launch" {
        let launch = json!({"name": name, "compose_yaml": COMPOSE});
        return (route.to_owned(), launch.to_string(), "playspec");
    }
    let spec = json!({"playspec": {"name": name, "base_compose_yaml": COMPOSE}});
    if route == "/api/playspecs" {
        return (route.to_owned(), spec.to_string(), "playspec");
    }
    let spec = post(keyed, "/api/playspecs", &spec).await["id"].to_string();
    if route.starts_with("/api/playspecs") {
        return of_playspecs(keyed, (method, route), &spec).await;
    }
    let letters = name
        .to_lowercase()
        .replace(|c: char| !c.is_ascii_lowercase(), "");
    let new = json!({"playground": {"name": name, "playspec_id": spec,
        "service_subdomains": {"web": letters}}});
    if route == "/api/playgrounds" {
        return (route.to_owned(), new.to_string(), "playground");
    }
    let id = post(keyed, "/api/playgrounds", &new).await["id"].to_string();
    prepare(keyed, route, &id).await;
    let body = match method.as_str() {
        "PATCH" => json!({"playground": {"service_subdomains": {"web": "other"}}}).to_string(),
        _ => String::new(),
    };
    (route.replace("{id}", &id), body, "playground")
}

/// Brings a playground to where the route can be asked for.
async fn prepare(keyed: &Keyed, route: &str, id: &str) {
    let ask = |what: &str| format!("/api/playgrounds/{id}/{what}");
    perform(keyed, id, &applied("1")).await;
    if route.ends_with("/rollback") {
        post(keyed, &ask("rollout"), &json!({})).await;
        perform(keyed, id, &applied("2")).await;
    }
    if route.ends_with("/start") {
        post(keyed, &ask("stop"), &json!({})).await;
        perform(keyed, id, &json!({"services": [service("web", "exited")]})).await;
    }
}

/// An executor performs the operation on a playground, which leaves this; others that are ready it performs too.
async fn perform(keyed: &Keyed, id: &str, outcome: &Value) {
    put(keyed, "/api/executors/docker-1", &registration("engine-1")).await;
    let exchange = "/api/executors/docker-1/exchange";
    let claim = json!({"claim": {"kinds": ["operation"], "max": 1}});
    loop {
        let run = post(keyed, exchange, &claim).await["runs"][0].clone();
        let path = format!("/api/runs/{}/outcome", text(&run["id"]));
        let report = json!({"executor": "docker-1", "token": run["token"], "outcome": outcome});
        put(keyed, &path, &report).await;
        let result = json!({"run_id": run["id"], "token": run["token"], "outcome": "completed"});
        post(keyed, exchange, &json!({"results": [result]})).await;
        if run["input"]["playground"]["id"].as_i64() == id.parse().ok() {
            return;
        }
    }
}

async fn put(keyed: &Keyed, path: &str, body: &Value) {
    let sent = keyed.send(&keyed.admin, Method::PUT, path, &body.to_string());
    assert!(sent.await.status.is_success(), "{path}");
}

async fn of_playspecs(
    keyed: &Keyed,
    (method, route): (&Method, &str),
    id: &str,
) -> (String, String, &'static str) {
    let path = route.replace("{id}", id);
    let login = json!({"registry_url": "registry.example", "username": "a", "secret": "planted"});
    let (path, body) = match (method.as_str(), route) {
        ("PATCH", "/api/playspecs/{id}") => (
            path,
            json!({"playspec": {"description": "Other"}}).to_string(),
        ),
        ("POST", "/api/playspecs/{id}/add_registry_credential") => (path, login.to_string()),
        ("DELETE", "/api/playspecs/{id}/remove_registry_credential") => {
            let add = format!("/api/playspecs/{id}/add_registry_credential");
            let added = post(keyed, &add, &login).await["id"].to_string();
            (format!("{path}?id={added}"), String::new())
        }
        _ => (path, String::new()),
    };
    (path, body, "playspec")
}

async fn of_playrooms(
    keyed: &Keyed,
    method: &Method,
    route: &str,
) -> (String, String, &'static str) {
    let name = format!("{method}{}", route.replace(['/', '{', '}'], "-"));
    let new = json!({"playroom": {"name": name}});
    if !route.contains("{id}") {
        return (route.to_owned(), new.to_string(), "playroom");
    }
    let id = post(keyed, "/api/playrooms", &new).await["id"].to_string();
    let body = match method.as_str() {
        "PATCH" => json!({"playroom": {"host": "other"}}).to_string(),
        _ => String::new(),
    };
    (route.replace("{id}", &id), body, "playroom")
}
