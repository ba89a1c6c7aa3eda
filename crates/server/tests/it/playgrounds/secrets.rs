//! What is secret about playgrounds: where it rests, who opens it, and who sees it.

use serde_json::{Value, json};

use super::{
    applied, ask, claim, finish, get, make, owned, perform, phases, register, report, running,
};
use crate::{
    access::{Keyed, text},
    test_server::TestServer,
};

/// What an executor opens under its lease.
async fn opened(server: &TestServer, run: &Value) -> Value {
    let body = owned(run, &json!({"name": "@playground"}));
    let path = format!(
        "/api/runs/{}/credentials",
        run["id"].as_str().expect("an id")
    );
    server.post(&path, &body).json(200).await["fields"].clone()
}

async fn keep(server: &TestServer, run: &Value, values: Value) -> Value {
    let path = format!("/api/runs/{}/generated", run["id"].as_str().expect("an id"));
    let body = owned(run, &json!({"values": values}));
    server.post(&path, &body).json(200).await["values"].clone()
}

#[tokio::test]
async fn an_operation_opens_what_it_needs_and_generated_values_stay() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    let env = json!({"env_overrides": {"API_TOKEN": "planted-token", "PORT": 3000},
        "services": {"web": {"env_vars": {"DEBUG": true}}, "_global": {"env_vars": {"ALL": "1"}}}});
    make(&server, &env).await;
    let run = claim(&server).await;
    assert!(!run["input"].to_string().contains("planted-token"));
    let secrets = opened(&server, &run).await;
    assert_eq!(
        secrets["env_overrides"],
        json!({"ALL": "1", "API_TOKEN": "planted-token", "PORT": "3000"})
    );
    assert_eq!(secrets["service_env"], json!({"web": {"DEBUG": "true"}}));
    let password = secrets["password"].as_str().expect("a password");
    assert_eq!(password.len(), 24);
    assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    // Drawn again after a crash, the first ones stay.
    assert_eq!(
        keep(&server, &run, json!({"SALT": "first"})).await,
        json!({"SALT": "first"})
    );
    let kept = keep(&server, &run, json!({"SALT": "second", "KEY": "third"})).await;
    assert_eq!(kept, json!({"KEY": "third", "SALT": "first"}));
    report(&server, &run, &applied("1")).await;
    finish(&server, &run, "completed", None).await;

    ask(&server, "1/rollout").json(200).await;
    let run = claim(&server).await;
    let secrets = opened(&server, &run).await;
    assert_eq!(
        secrets["generated"],
        json!({"KEY": "third", "SALT": "first"})
    );
    assert_eq!(secrets["password"], password);
    assert_eq!(secrets["applied"]["revision"], 1);
    assert_eq!(secrets["applied"]["images"]["web"], "sha256:web-1");
    assert!(
        secrets["applied"]["compose_yaml"]
            .as_str()
            .expect("a text")
            .contains("planted-token")
    );
    // Without the lease, nothing is opened.
    let stranger = json!({"executor": "docker-2", "token": run["token"], "name": "@playground"});
    let path = format!(
        "/api/runs/{}/credentials",
        run["id"].as_str().expect("an id")
    );
    server.post(&path, &stranger).problem(404).await;
    phases(&server, &run, &[(1, "compose_up", "started")]).await;
}

#[tokio::test]
async fn no_secret_rests_as_it_is() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(
        &server,
        &json!({"env_overrides": {"API_TOKEN": "planted-token"}}),
    )
    .await;
    let registry =
        json!({"registry_url": "registry.example", "username": "a", "secret": "planted-token"});
    server
        .post("/api/playspecs/1/add_registry_credential", &registry)
        .json(201)
        .await;
    let run = claim(&server).await;
    keep(&server, &run, json!({"SALT": "planted-token"})).await;
    report(&server, &run, &applied("1")).await;
    finish(&server, &run, "completed", None).await;
    ask(&server, "1/rollout").json(200).await;
    let run = perform(&server, &applied("2")).await;
    assert!(!run.to_string().contains("planted-token"));
    for file in ["playhouse.db", "playhouse.db-wal"] {
        let path = server.dir().join("data").join(file);
        let bytes = std::fs::read(&path).unwrap_or_default();
        let found = bytes.windows(13).any(|part| part == b"planted-token");
        assert!(!found, "{file} has it");
    }
    let size = std::fs::metadata(server.dir().join("data/playhouse.db")).expect("a database");
    assert!(size.len() > 0);
}

#[tokio::test]
async fn secrets_are_shown_to_keys_with_the_scope_alone() {
    let keyed = Keyed::open().await;
    let scopes = json!({"name": "reader", "role": "custom",
        "scopes": ["playgrounds:read", "playgrounds:write"]});
    let reader = text(&keyed.make(&scopes).await["key"]);
    let admin = keyed.admin.clone();
    let compose = json!({"playspec": {"name": "a", "base_compose_yaml": super::COMPOSE}});
    keyed
        .post(&admin, "/api/playspecs", &compose)
        .json(201)
        .await;
    let body = super::new(
        1,
        &json!({"env_overrides": {"API_TOKEN": "planted-token", "MODE": "dev",
        "DATABASE_URL": "postgres://u:planted-token@db/a"}}),
    );
    let made = keyed
        .post(&reader, "/api/playgrounds", &body)
        .json(201)
        .await;
    let masked = json!({"API_TOKEN": "********", "MODE": "dev",
        "DATABASE_URL": "postgres://u:********@db/a"});
    assert_eq!(made["env_overrides"], masked);
    assert_eq!(made["internal_password"], Value::Null);
    for path in [
        "",
        "/status",
        "/compose",
        "/env_metadata",
        "/debug",
        "/revisions",
    ] {
        let path = format!("/api/playgrounds/1{path}");
        let shown = keyed.get(&reader, &path).json(200).await.to_string();
        assert!(!shown.contains("planted-token"), "{path}: {shown}");
    }
    let revealed = keyed.get(&admin, "/api/playgrounds/1").json(200).await;
    assert_eq!(revealed["env_overrides"]["API_TOKEN"], "planted-token");
    assert_eq!(
        revealed["internal_password"]
            .as_str()
            .expect("a password")
            .len(),
        24
    );
}

#[tokio::test]
async fn the_environment_is_shown_with_its_sources() {
    let server = running(&json!({})).await;
    let found = get(&server, "1/env_metadata").await;
    assert_eq!(found["merged"]["API_TOKEN"], "planted-token");
    assert_eq!(
        found["metadata"]["MODE"],
        json!({"value": "dev", "source": "default"})
    );
    assert_eq!(found["system_keys"], json!(["PLAYGROUND_ID"]));
    assert_eq!(found["generated_keys"], json!([]));
    let compose = get(&server, "1/compose").await;
    assert_eq!(compose["compose_project"], "pg-1-feature-auth");
    assert!(
        compose["compose_yaml"]
            .as_str()
            .expect("a text")
            .contains("example/web:1")
    );
    let debug = get(&server, "1/debug").await;
    for name in [
        "generated_compose_yaml",
        "services_configuration",
        "build_overrides",
        "build_records",
        "branch_clones",
        "augmented_compose_template",
    ] {
        assert!(debug.get(name).is_some(), "{name} in {debug}");
    }
    server
        .get("/api/playgrounds/1/env_metadata?service=none")
        .json(404)
        .await;
}
