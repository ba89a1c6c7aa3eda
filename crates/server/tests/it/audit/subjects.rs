//! What each route of the audit acts on.

mod playgrounds;

use engine::Kind;
use http::Method;
use serde_json::json;

use super::{hook, job, post};

use crate::{
    access::{Keyed, text},
    jobs::claim::submit_unreadable,
    test_server::{example, smallest},
};

/// A job of which this was asked.
async fn controlled(keyed: &Keyed, control: &str) -> String {
    let id = job(keyed).await;
    post(keyed, &format!("/api/runs/{id}/{control}"), &json!({})).await;
    id
}

fn plugin_job() -> String {
    json!({"input": 1, "plugins": ["one"]}).to_string()
}

/// Makes what a route acts on: the path with its id, the body, and what the line is to say it was.
pub(super) async fn subject(
    keyed: &Keyed,
    method: &Method,
    route: &str,
) -> (String, String, &'static str) {
    let one = |id: String, kind| (route.replace("{id}", &id), String::new(), kind);
    match (method.as_str(), route) {
        ("POST", "/api/v1/jobs") => (route.to_owned(), example().to_string(), "job"),
        ("POST", "/api/v1/jobs/bulk") => {
            let jobs = json!([example(), smallest(), smallest()]);
            (route.to_owned(), jobs.to_string(), "job")
        }
        ("POST", "/api/v1/jobs/bulk/cancel") => {
            let ids = json!({"job_ids": [job(keyed).await, job(keyed).await, "no job"]});
            (route.to_owned(), ids.to_string(), "job")
        }
        ("DELETE", "/api/v1/jobs/{id}")
        | ("POST", "/api/v1/jobs/{id}/cancel" | "/api/runs/{id}/cancel" | "/api/runs/{id}/pause") => {
            one(job(keyed).await, "job")
        }
        ("POST", "/api/v1/jobs/{id}/retry" | "/api/runs/{id}/retry") => {
            one(controlled(keyed, "cancel").await, "job")
        }
        ("POST", "/api/runs/{id}/resume") => one(controlled(keyed, "pause").await, "job"),
        ("POST", "/api/runs/{id}/skip") => {
            let id = submit_unreadable(&keyed.server, Kind::Execution).await;
            one(id, "execution")
        }
        ("POST", "/playground/jobs") => (route.to_owned(), plugin_job(), "plugin_job"),
        ("DELETE", "/playground/jobs/{id}")
        | ("POST", "/playground/jobs/{id}/cancel" | "/playground/jobs/{id}/start") => {
            let new = serde_json::from_str(&plugin_job()).expect("JSON");
            one(
                text(&post(keyed, "/playground/jobs", &new).await["id"]),
                "plugin_job",
            )
        }
        ("POST", "/api/v1/binaries") => (route.to_owned(), "a program".to_owned(), "binary"),
        ("POST", "/api/keys") => {
            let new = json!({"name": "made", "role": "user"});
            (route.to_owned(), new.to_string(), "key")
        }
        ("DELETE", "/api/keys/{id}") => {
            let new = json!({"name": "gone", "role": "user"});
            one(text(&keyed.make(&new).await["id"]), "key")
        }
        ("POST", "/api/vault/rotate") => (route.to_owned(), "{}".to_owned(), "vault"),
        ("POST", "/api/join-tokens") => (route.to_owned(), "{}".to_owned(), "key"),
        (_, route) if route.starts_with("/api/hooks") => of_hooks(keyed, method, route).await,
        (_, route) if playgrounds::has(route) => playgrounds::of(keyed, method, route).await,
        _ => of_playbooks(keyed, method, route).await,
    }
}

const PATH: &str = "audited.yaml";
const PLAYBOOK: &str = "name: A\nversion: '1'\nsteps: [{id: a, name: A, type: utility.log}]\n";

/// The same, of the routes of playbooks, executions and credentials.
async fn of_playbooks(
    keyed: &Keyed,
    method: &Method,
    route: &str,
) -> (String, String, &'static str) {
    let library = keyed.server.dir().join("data/playbooks");
    std::fs::write(library.join(PATH), PLAYBOOK).expect("a playbook");
    let start = json!({"playbook_path": PATH});
    let credential = |name: &str| json!({"name": name, "username": "a", "password": "planted"});
    if matches!((method.as_str(), route), ("POST", "/api/executions")) {
        return (route.to_owned(), start.to_string(), "execution");
    }
    if route.starts_with("/api/executions/{id}") {
        let id = text(&post(keyed, "/api/executions", &start).await["execution_id"]);
        let first = match (method.as_str(), route) {
            ("DELETE", _) | (_, "/api/executions/{id}/retry") => Some("cancel"),
            (_, "/api/executions/{id}/resume") => Some("pause"),
            _ => None,
        };
        if route.ends_with("/skip_back") {
            go_on(keyed, &id).await;
        }
        if let Some(control) = first {
            post(
                keyed,
                &format!("/api/executions/{id}/{control}"),
                &json!({}),
            )
            .await;
        }
        return (route.replace("{id}", &id), String::new(), "execution");
    }
    if route.starts_with("/api/schedules") {
        let new = json!({"name": "A", "playbook_path": PATH, "every": 60});
        if route == "/api/schedules" {
            return (route.to_owned(), new.to_string(), "schedule");
        }
        let id = text(&post(keyed, "/api/schedules", &new).await["id"]);
        let body = match method.as_str() {
            "PUT" | "PATCH" => new.to_string(),
            _ => String::new(),
        };
        return (route.replace("{id}", &id), body, "schedule");
    }
    match (method.as_str(), route) {
        ("POST", "/api/credentials") => (
            route.to_owned(),
            credential("made").to_string(),
            "credential",
        ),
        (_, "/api/credentials/{name}") => {
            let name = method.as_str().to_lowercase();
            post(keyed, "/api/credentials", &credential(&name)).await;
            let body = credential(&name).to_string();
            (route.replace("{name}", &name), body, "credential")
        }
        _ => of_library(&library, method, route),
    }
}

/// The same, of the routes that write playbooks.
fn of_library(
    library: &std::path::Path,
    method: &Method,
    route: &str,
) -> (String, String, &'static str) {
    match (method.as_str(), route) {
        (_, "/api/playbooks/{path}") => {
            let (path, body) = match method.as_str() {
                "PUT" => ("made.yaml", json!({"content": PLAYBOOK}).to_string()),
                "POST" => ("audited.yaml/verify", String::new()),
                _ => ("made.yaml", String::new()),
            };
            std::fs::write(library.join("made.yaml"), PLAYBOOK).expect("a playbook");
            if method == Method::PUT {
                std::fs::remove_file(library.join("made.yaml")).expect("removed");
            }
            (route.replace("{path}", path), body, "playbook")
        }
        ("PUT", "/api/playbooks/update") => {
            let text = PLAYBOOK.replace("name: A", "name: B");
            let update = json!({"playbook_path": PATH, "yaml_content": text});
            (route.to_owned(), update.to_string(), "playbook")
        }
        ("PATCH", "/api/playbooks/metadata") => {
            let rename = json!({"playbook_path": PATH, "name": "Renamed"});
            (route.to_owned(), rename.to_string(), "playbook")
        }
        ("POST", "/api/playbooks/create" | "/api/playbooks/import") => {
            let name = route.rsplit('/').next().unwrap_or_default();
            let new = json!({"name": name, "yaml_content": PLAYBOOK});
            (route.to_owned(), new.to_string(), "playbook")
        }
        ("POST", "/api/playbooks/metadata/reset-all") => {
            (route.to_owned(), String::new(), "playbook")
        }
        ("POST", "/api/playbooks/duplicate") => {
            let copy = json!({"source_path": PATH, "new_name": "Copy"});
            (route.to_owned(), copy.to_string(), "playbook")
        }
        _ => panic!("{method} {route} has an action: say here how it is performed"),
    }
}

/// An execution ends a step and waits for its operator.
async fn go_on(keyed: &Keyed, id: &str) {
    let executor = json!({"slots": 1, "version": "1", "isolation": "none", "kinds": ["execution"]});
    let path = "/api/executors/back";
    let registered = keyed.send(&keyed.admin, Method::PUT, path, &executor.to_string());
    registered.await.json(200).await;
    loop {
        let claim = json!({"claim": {"kinds": ["execution"], "max": 1}});
        let taken = post(keyed, "/api/executors/back/exchange", &claim).await;
        let run = &taken["runs"][0];
        if run["id"] != json!(id) {
            continue;
        }
        let parts = json!([{"number": 1, "name": "a", "stage": "completed", "tries": 1,
            "body": {"name": "A", "type": "utility.log"}}]);
        let report = json!({"executor": "back", "token": run["token"], "parts": parts});
        post(keyed, &format!("/api/runs/{id}/parts"), &report).await;
        let park =
            json!({"executor": "back", "token": run["token"], "wait_for": "operator", "seen": 0});
        let path = format!("/api/runs/{id}/park");
        let parked = keyed.post(&keyed.admin, &path, &park).await;
        assert_eq!(parked.status, 204);
        return;
    }
}

/// The same, of the routes of hooks.
async fn of_hooks(keyed: &Keyed, method: &Method, route: &str) -> (String, String, &'static str) {
    let one = |id: String, kind| (route.replace("{id}", &id), String::new(), kind);
    match (method.as_str(), route) {
        ("POST", "/api/hooks") => {
            let new = json!({"url": "https://a.example/secret-path?token=planted"});
            (route.to_owned(), new.to_string(), "hook")
        }
        ("PATCH", "/api/hooks/{id}") => {
            let change = json!({"url": "https://b.example/secret-path", "enabled": false,
                "secret": format!("whsec_{}", "cGxhbnRlZHBsYW50ZWRwbGFudGVkcGxhbnRlZA==")});
            let (path, _, kind) = one(hook(keyed).await, "hook");
            (path, change.to_string(), kind)
        }
        ("DELETE", "/api/hooks/{id}") | ("POST", "/api/hooks/{id}/test") => {
            one(hook(keyed).await, "hook")
        }
        ("POST", "/api/hooks/{id}/deliveries/{delivery}/replay") => {
            let id = hook(keyed).await;
            let sent = post(keyed, &format!("/api/hooks/{id}/test"), &json!({})).await;
            // It ends with the hook, and nothing is sent to anybody.
            for enabled in [false, true] {
                let change = json!({"enabled": enabled}).to_string();
                let path = format!("/api/hooks/{id}");
                let changed = keyed.send(&keyed.admin, Method::PATCH, &path, &change);
                changed.await.json(200).await;
            }
            let (path, body, kind) = one(id, "hook");
            (
                path.replace("{delivery}", &sent["id"].to_string()),
                body,
                kind,
            )
        }
        _ => panic!("{method} {route} has an action: say here how it is performed"),
    }
}
