//! Credentials: saved, filled in, opened for the executor of an execution, and shown to nobody else.

use std::fs;

use serde_json::{Value, json};
use server::{Assembled, Clock, Settings};

use super::{executions::claim, library, refusal, text};
use crate::{
    database,
    test_server::{TestServer, smallest},
};

const PASSWORD: &str = "correct-horse-battery";
const TOKEN: &str = "tok-4711-secret";

const LOGIN: &str = "\
name: Login
version: '1.0'
parameters:
  - {name: gateway_url, type: string}
  - {name: username, type: string}
  - {name: password, type: string}
  - {name: login, type: credential}
  - {name: token, type: secret, required: false}
steps:
  - {id: login, name: Login, type: utility.log, parameters: {message: '{{ password }}'}}
";

async fn gateway() -> TestServer {
    let server = library(&[("login.yaml", LOGIN)]).await;
    let new = json!({"name": "my-gateway", "username": "admin", "password": PASSWORD,
        "gateway_url": "http://localhost:8088", "description": "Local development gateway"});
    let saved = server.post("/api/credentials", &new).json(200).await;
    let expected = json!({"message": "Credential saved successfully", "name": "my-gateway"});
    assert_eq!(saved, expected);
    server
}

async fn open(server: &TestServer, run: &Value, name: &str, token: &Value, status: u16) -> Value {
    let body = json!({"executor": "player", "token": token, "name": name, "step": "login"});
    let path = format!("/api/runs/{}/credentials", text(&run["id"]));
    server.post(&path, &body).json(status).await
}

#[tokio::test]
async fn credentials_are_saved_listed_replaced_and_deleted() {
    let server = gateway().await;
    let list = server.get("/api/credentials").json(200).await;
    let expected = json!({"credentials": [{"name": "my-gateway", "username": "admin",
        "gateway_url": "http://localhost:8088", "description": "Local development gateway"}]});
    assert_eq!(list, expected);

    let again = json!({"name": "my-gateway", "username": "a", "password": "b"});
    let again = server.post("/api/credentials", &again).json(400).await;
    assert_eq!(refusal(&again).0, "validation_error");
    for wrong in [
        json!({"name": "", "username": "a", "password": "b"}),
        json!({"name": "n", "username": "a"}),
        json!({"name": "n", "username": "a", "password": "b\0"}),
        json!({"name": "n", "username": "a", "password": "b", "gateway_url": "file:///etc"}),
        json!([]),
    ] {
        let refused = server.post("/api/credentials", &wrong).json(400).await;
        assert_eq!(refusal(&refused).0, "validation_error", "{wrong}");
    }

    let changed = json!({"username": "operator"});
    server
        .put("/api/credentials/my-gateway", &changed)
        .json(200)
        .await;
    let list = server.get("/api/credentials").json(200).await;
    assert_eq!(list["credentials"][0]["username"], "operator");
    assert_eq!(list["credentials"][0]["gateway_url"], Value::Null);
    let missing = server
        .put("/api/credentials/none", &changed)
        .json(404)
        .await;
    assert_eq!(
        refusal(&missing),
        ("credential_not_found", "Credential 'none' not found")
    );

    let deleted = server.delete("/api/credentials/my-gateway").json(200).await;
    assert_eq!(deleted["message"], "Credential deleted successfully");
    let gone = server.delete("/api/credentials/my-gateway").json(404).await;
    assert_eq!(refusal(&gone).0, "credential_not_found");
}

#[tokio::test]
async fn a_credential_fills_in_what_the_caller_leaves_out() {
    let server = gateway().await;
    let start = json!({"playbook_path": "login.yaml", "credential_name": "my-gateway",
        "parameters": {"token": TOKEN}});
    server.post("/api/executions", &start).json(200).await;
    let run = claim(&server).await;
    let marker = |name: &str, field: &str| json!({"$credential": name, "field": field});
    let expected = json!({
        "gateway_url": "http://localhost:8088",
        "username": "admin",
        "password": marker("my-gateway", "password"),
        "login": "my-gateway",
        "token": marker("@parameters", "token"),
    });
    assert_eq!(run["input"]["parameters"], expected);
    assert_eq!(run["input"]["gateway_url"], "http://localhost:8088");
    assert!(!run.to_string().contains(PASSWORD) && !run.to_string().contains(TOKEN));

    let opened = open(&server, &run, "my-gateway", &run["token"], 200).await;
    assert_eq!(opened["fields"]["password"], PASSWORD);
    let opened = open(&server, &run, "@parameters", &run["token"], 200).await;
    assert_eq!(opened["fields"], json!({"token": TOKEN}));
    // It exists, and neither the playbook nor the caller named it.
    let other = json!({"name": "other", "username": "a", "password": "b"});
    server.post("/api/credentials", &other).json(200).await;
    open(&server, &run, "other", &run["token"], 403).await;
    // A lease that is another's opens nothing.
    open(&server, &run, "my-gateway", &json!(99), 404).await;

    let audit = server.get("/api/audit?limit=50&action=credential.use");
    let audit = audit.json(200).await;
    assert!(audit.to_string().contains("step login"), "{audit}");
    assert!(!audit.to_string().contains(PASSWORD) && !audit.to_string().contains(TOKEN));
    let lines = audit.as_array().expect("lines").iter();
    let of_credentials = lines.filter(|line| line["target"]["kind"] == "credential");
    let outcomes: Vec<&Value> = of_credentials.map(|line| &line["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "ok", "ok"], "{audit}");

    let uses = server
        .get("/api/credentials/my-gateway/uses")
        .json(200)
        .await;
    let used = &uses["uses"][0];
    assert_eq!(used["execution_id"], run["id"], "{uses}");
    assert_eq!(
        (&used["step"], &used["executor"], &used["outcome"]),
        (&json!("login"), &json!("player"), &json!("ok"))
    );
    assert_eq!(uses["uses"].as_array().map(Vec::len), Some(1));
    let refused = server.get("/api/credentials/other/uses").json(200).await;
    assert_eq!(refused["uses"][0]["outcome"], "refused", "{refused}");
    let missing = server.get("/api/credentials/none/uses").json(404).await;
    assert_eq!(refusal(&missing).0, "credential_not_found");

    // The credential is deleted while the execution that named it runs.
    server.delete("/api/credentials/my-gateway").json(200).await;
    open(&server, &run, "my-gateway", &run["token"], 404).await;
    let again = json!({"name": "my-gateway", "username": "admin", "password": PASSWORD,
        "gateway_url": "http://localhost:8088"});
    server.post("/api/credentials", &again).json(200).await;

    for credential in [
        json!({"credential_name": "none"}),
        json!({"parameters": {"login": "none"}}),
    ] {
        let mut start = json!({"playbook_path": "login.yaml", "credential_name": "my-gateway"});
        for (name, value) in credential.as_object().expect("fields") {
            start[name] = value.clone();
        }
        let refused = server.post("/api/executions", &start).json(404).await;
        assert_eq!(refusal(&refused).0, "credential_not_found");
    }
}

#[tokio::test]
async fn the_data_directory_has_no_secret_in_the_clear() {
    let server = gateway().await;
    let start = json!({"playbook_path": "login.yaml", "credential_name": "my-gateway",
        "parameters": {"token": TOKEN}});
    server.post("/api/executions", &start).json(200).await;
    let mut open = vec![server.dir().to_owned()];
    let mut looked_at = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a directory");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let bytes = fs::read(&path).expect("a file");
        looked_at += bytes.len();
        for secret in [PASSWORD, TOKEN] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
    assert!(looked_at > 4_096);
}

#[tokio::test]
async fn a_wrong_or_missing_master_key_is_refused_at_the_start() {
    let server = gateway().await;
    let data = server.dir().join("data");
    let (key, aside) = (data.join("vault.key"), data.join("aside"));
    let reopened = server.reopened(|before| async move {
        drop(before);
        let open = |given: Option<String>| {
            let mut settings = Settings::new(data.clone());
            settings.database_url = database::url(&settings.data_dir);
            settings.vault_key = given;
            Assembled::open(settings, Clock::system())
        };
        for wrong in ["22".repeat(32), "short".to_owned()] {
            assert!(open(Some(wrong)).await.is_err());
        }
        fs::rename(&key, &aside).expect("moved");
        assert!(open(None).await.is_err());
        assert!(!key.exists(), "no other key takes its place");
        fs::rename(&aside, &key).expect("moved");
        open(None).await.expect("the right key")
    });
    let list = reopened.await.get("/api/credentials").json(200).await;
    assert_eq!(list["credentials"][0]["name"], "my-gateway");
}

#[tokio::test]
async fn the_uses_of_a_credential_come_by_page_with_the_playbooks_that_name_it() {
    const NAMES: &str = "name: N\nversion: '1'\nsteps:\n  - {id: a, name: A, type: utility.log, \
        parameters: {message: '{{ credential.plant.username }}'}}\n";
    let server = library(&[("names.yaml", NAMES), ("login.yaml", LOGIN)]).await;
    let new = json!({"name": "plant", "username": "a", "password": PASSWORD});
    server.post("/api/credentials", &new).json(200).await;
    let start = json!({"playbook_path": "names.yaml"});
    server.post("/api/executions", &start).json(200).await;
    let run = claim(&server).await;
    for _ in 0..3 {
        open(&server, &run, "plant", &run["token"], 200).await;
    }
    let path = "/api/credentials/plant/uses?limit=2";
    let first = server.get(path).json(200).await;
    assert_eq!(first["uses"].as_array().map(Vec::len), Some(2), "{first}");
    assert_eq!(first["playbooks"], json!(["names.yaml"]));
    let second = server
        .get(&format!("{path}&before={}", first["next"]))
        .json(200)
        .await;
    assert_eq!(second["uses"].as_array().map(Vec::len), Some(1), "{second}");
    assert_eq!(second["next"], Value::Null);
    let numbers = |page: &Value| {
        page["uses"].as_array().map(|uses| {
            uses.iter()
                .filter_map(|one| one["number"].as_i64())
                .collect::<Vec<_>>()
        })
    };
    let (first, second) = (numbers(&first), numbers(&second));
    assert!(first > second, "newest first");
    server
        .get("/api/credentials/plant/uses?limit=0")
        .json(400)
        .await;
}

#[tokio::test]
async fn the_master_key_is_rotated_while_the_server_runs() {
    let server = gateway().await;
    let start = json!({"playbook_path": "login.yaml", "credential_name": "my-gateway",
        "parameters": {"token": TOKEN}});
    server.post("/api/executions", &start).json(200).await;
    let data = server.dir().join("data");
    let key = data.join("vault.key");
    let before = fs::read_to_string(&key).expect("a key");
    let wrong = json!({"key": "secret"});
    let refused = server.post("/api/vault/rotate", &wrong).json(400).await;
    assert!(!refused.to_string().contains("secret"), "{refused}");
    assert_eq!(fs::read_to_string(&key).expect("a key"), before);
    for given in [json!({}), json!({"key": "ab".repeat(32)}), json!({})] {
        let rotated = server.post("/api/vault/rotate", &given).json(200).await;
        assert_eq!(rotated["key_file"], key.display().to_string());
    }
    let after = fs::read_to_string(&key).expect("a key");
    assert!(after != before && !after.starts_with("abab"));
    assert!(!data.join("vault.key.next").exists());
    // Everything opens, at once and after a start.
    let run = claim(&server).await;
    let opened = open(&server, &run, "my-gateway", &run["token"], 200).await;
    assert_eq!(opened["fields"]["password"], PASSWORD);
    let audit = server.get("/api/audit?action=vault.rotate").json(200).await;
    let lines = audit.as_array().expect("lines").iter();
    assert_eq!(
        lines.filter(|line| line["outcome"] == "ok").count(),
        3,
        "{audit}"
    );
    let reopened = server.reopened(|before| async move {
        drop(before);
        let open = |given: Option<String>| {
            let mut settings = Settings::new(data.clone());
            settings.database_url = database::url(&settings.data_dir);
            settings.vault_key = given;
            Assembled::open(settings, Clock::system())
        };
        assert!(open(Some(before_of(&after))).await.is_err());
        let mut settings = Settings::new(data.clone());
        settings.database_url = database::url(&settings.data_dir);
        settings.vault_key_command = Some(format!("echo {after}"));
        Assembled::open(settings, Clock::system())
            .await
            .expect("the right key")
    });
    let reopened = reopened.await;
    let opened = open(&reopened, &run, "@parameters", &run["token"], 200).await;
    assert_eq!(opened["fields"], json!({"token": TOKEN}));
    // This one cannot keep a key.
    reopened
        .post("/api/vault/rotate", &json!({}))
        .json(400)
        .await;
    let given = json!({"key": "cd".repeat(32)});
    let rotated = reopened.post("/api/vault/rotate", &given).json(200).await;
    assert_eq!(rotated["key_file"], Value::Null);
    let opened = open(&reopened, &run, "my-gateway", &run["token"], 200).await;
    assert_eq!(opened["fields"]["password"], PASSWORD);
}

/// Another key than this one.
fn before_of(key: &str) -> String {
    key.trim().chars().rev().collect()
}

#[tokio::test]
async fn the_secrets_of_a_child_are_sealed_until_it_is_claimed() {
    let server = gateway().await;
    let start =
        json!({"playbook_path": "login.yaml", "credential_name": "my-gateway", "parameters": {}});
    server.post("/api/executions", &start).json(200).await;
    let run = claim(&server).await;
    let mut job = smallest();
    job["arguments"] = json!(["one", "***", "three"]);
    job["env_variables"] = json!({"PLAIN": "a", "P": "***"});
    let body = json!({"executor": "player", "token": run["token"], "part": 1, "tries": 1, "step": "job",
        "kind": "job", "submission": job,
        "secrets": {"env_variables": {"P": PASSWORD}, "arguments": {"1": TOKEN}}});
    let path = format!("/api/runs/{}/children", text(&run["id"]));
    let part = json!({"executor": "player", "token": run["token"],
        "parts": [{"number": 1, "name": "job", "stage": "started", "tries": 1, "body": {}}]});
    let parts = format!("/api/runs/{}/parts", text(&run["id"]));
    server.post(&parts, &part).json(200).await;
    let child = text(&server.post(&path, &body).json(200).await["id"]);

    let shown = async || {
        let job = server.get(&format!("/api/v1/jobs/{child}")).json(200).await;
        let run = server.get(&format!("/api/runs/{child}")).json(200).await;
        let all = format!("{job}{run}");
        assert!(!all.contains(PASSWORD) && !all.contains(TOKEN), "{all}");
        assert_eq!(job["arguments"], json!(["one", "***", "three"]));
        assert_eq!(job["env_variables"], json!({"PLAIN": "a", "P": "***"}));
    };
    shown().await;
    // Whoever claims it: an executor that others wrote, and after it is lost again one of ours.
    for _ in 0..2 {
        let claimed = server.claim("worker").await;
        assert_eq!(claimed["id"], child.as_str());
        assert_eq!(claimed["arguments"], json!(["one", TOKEN, "three"]));
        assert_eq!(
            claimed["env_variables"],
            json!({"PLAIN": "a", "P": PASSWORD})
        );
        shown().await;
        server.clock.advance_ms(25 * 3_600_000);
        server.reap().await;
    }
    let claim = json!({"results": [], "claim": {"kinds": ["job"], "max": 1}});
    let taken = server
        .post("/api/executors/ours/exchange", &claim)
        .json(200)
        .await;
    let input = &taken["runs"][0]["input"];
    assert_eq!(input["arguments"], json!(["one", TOKEN, "three"]));
    assert_eq!(input["env_variables"], json!({"PLAIN": "a", "P": PASSWORD}));
    assert_eq!(input["secrets"], json!([PASSWORD, TOKEN]));
    assert_eq!(input["sealed_secrets"], Value::Null);
    shown().await;
}
