//! Blueprints, their files and logins, and the launch of both.

use http::Method;
use serde_json::{Value, json};

use super::{COMPOSE, claim, playspec, register};
use crate::{answer::Call, test_server::TestServer};

async fn patch(server: &TestServer, body: Value, status: u16) -> Value {
    let call = server.send(
        Method::PATCH,
        "/api/playspecs/1",
        json!({"playspec": body}).to_string(),
    );
    call.json(status).await
}

/// A form of these fields; a field called `file` is a file.
fn form<'a>(server: &'a TestServer, path: &str, fields: &[(&str, &str)]) -> Call<'a> {
    let mut body = String::new();
    for (name, value) in fields {
        let file = if *name == "file" {
            "; filename=\"settings.conf\""
        } else {
            ""
        };
        body += &format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        );
    }
    body += "--edge--\r\n";
    let kind = ("content-type", "multipart/form-data; boundary=edge");
    server.with_headers(Method::POST, path, &[kind], &body)
}

#[tokio::test]
async fn a_playspec_is_made_shown_changed_and_deleted() {
    let server = TestServer::open().await;
    playspec(&server).await;
    insta::assert_snapshot!("playspec", server.get("/api/playspecs/1").shown().await);
    insta::assert_snapshot!("playspecs", server.get("/api/playspecs").shown().await);
    let services = server
        .get("/api/playspecs/My%20Web%20Stack/services")
        .json(200)
        .await;
    assert_eq!(
        services[1],
        json!({"name": "db", "type": "static", "image": "postgres:17"})
    );
    let described = json!({"services": [{"name": "web", "type": "dynamic",
        "repo_url": "https://git.example/a.git", "exposure": {"enabled": true, "port": 80}}]});
    let changed = patch(&server, described, 200).await;
    assert_eq!(
        (
            &changed["services"][0]["type"],
            &changed["services"][1]["type"]
        ),
        (&json!("dynamic"), &json!("static"))
    );
    for (wrong, field) in [
        (json!({"name": " "}), "name"),
        (
            json!({"base_compose_yaml": "services: ["}),
            "base_compose_yaml",
        ),
        (json!({"base_compose_yaml": ""}), "base_compose_yaml"),
        (json!({"compose_path": "../up"}), "compose_path"),
        (
            json!({"repo_url": "https://user:pw@git.example/a"}),
            "repo_url",
        ),
        (json!({"description": "x".repeat(1_001)}), "description"),
        (json!({"services": [{"name": "none"}]}), "services"),
    ] {
        let refused = patch(&server, wrong.clone(), 422).await;
        assert!(
            refused["error"]["details"][field].is_array(),
            "{wrong}: {refused}"
        );
    }
    make_of(&server).await;
    assert_eq!(
        server.get("/api/playspecs/1").json(200).await["locked"],
        true
    );
    for refused in [
        patch(&server, json!({"persist_volumes": true}), 422).await,
        server.delete("/api/playspecs/1").json(422).await,
    ] {
        assert_eq!(refused["error"]["code"], "LOCKED");
    }
    let other = json!({"playspec": {"name": "b", "base_compose_yaml": COMPOSE}});
    server.post("/api/playspecs", &other).json(201).await;
    server.post("/api/playspecs", &other).json(422).await;
    assert_eq!(server.delete("/api/playspecs/2").status().await, 204);
    server.get("/api/playspecs/2").json(404).await;
}

async fn make_of(server: &TestServer) {
    let body = json!({"playground": {"name": "a", "playspec_id": "My Web Stack"}});
    server.post("/api/playgrounds", &body).json(201).await;
}

const ADD_FILE: &str = "/api/playspecs/1/add_mounted_file";
const ADD_LOGIN: &str = "/api/playspecs/1/add_registry_credential";

/// A playspec with a file and a login of a registry.
async fn with_file_and_login() -> TestServer {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    playspec(&server).await;
    let fields = [
        ("file", "key = value\n"),
        ("mount_path", "/etc/app.conf"),
        ("target_services[]", "web"),
    ];
    let added = form(&server, ADD_FILE, &fields).json(201).await;
    assert_eq!(
        (&added["name"], &added["size"], &added["readonly"]),
        (&json!("settings.conf"), &json!(12), &json!(true))
    );
    let login = json!({"registry_type": "ghcr", "registry_url": "ghcr.example", "username": "a",
        "secret": "s3cret"});
    let added = server.post(ADD_LOGIN, &login).json(201).await;
    assert_eq!(added["id"], 1);
    assert!(!added.to_string().contains("s3cret"));
    server
}

#[tokio::test]
async fn wrong_files_and_logins_are_refused() {
    let server = with_file_and_login().await;
    for wrong in [
        vec![("file", "x")],
        vec![("mount_path", "/a")],
        vec![("file", "x"), ("mount_path", "relative")],
        vec![("file", "x"), ("mount_path", "/a/../b")],
        vec![("file", "x"), ("mount_path", "/a"), ("readonly", "odd")],
    ] {
        form(&server, ADD_FILE, &wrong).json(422).await;
    }
    server.post(ADD_FILE, &json!({})).json(415).await;
    let kind = ("content-type", "multipart/form-data; boundary=edge");
    let broken = server.with_headers(Method::POST, ADD_FILE, &[kind], "--edge\r\nno end");
    broken.json(400).await;
    server
        .post(ADD_LOGIN, &json!({"secret": "x"}))
        .json(422)
        .await;
    for path in ["remove_mounted_file", "remove_registry_credential"] {
        let path = format!("/api/playspecs/1/{path}?id=1");
        assert_eq!(server.delete(&path).status().await, 204, "{path}");
        server.delete(&path).json(404).await;
    }
}

#[tokio::test]
async fn files_and_logins_go_with_the_operations() {
    let server = with_file_and_login().await;
    let body = json!({"id": 1, "readonly": false, "target_services": []}).to_string();
    let path = "/api/playspecs/1/update_mounted_file";
    let changed = server.send(Method::PATCH, path, body).json(200).await;
    assert_eq!(
        (&changed["readonly"], &changed["target_services"]),
        (&json!(false), &json!([]))
    );
    make_of(&server).await;
    let run = claim(&server).await;
    let file = &run["input"]["sources"]["mounted_files"][0];
    assert_eq!(
        (&file["mount_path"], &file["readonly"]),
        (&json!("/etc/app.conf"), &json!(false))
    );
    // The executor that holds the operation reads its bytes.
    let sha256 = file["sha256"].as_str().expect("a hash");
    let bytes = server.get(&format!("/api/v1/binaries/{sha256}")).await;
    assert_eq!(bytes.text().await, "key = value\n");
    let open = json!({"executor": "docker-1", "token": run["token"], "name": "@playground"});
    let path = format!(
        "/api/runs/{}/credentials",
        run["id"].as_str().expect("an id")
    );
    let fields = server.post(&path, &open).json(200).await["fields"].clone();
    assert_eq!(fields["registries"][0]["secret"], "s3cret");
    let path = "/api/playspecs/1/remove_mounted_file?id=1";
    assert_eq!(server.delete(path).status().await, 204);
    let audit = server
        .get("/api/audit?target=1")
        .json(200)
        .await
        .to_string();
    for action in [
        "playspec.add-file",
        "playspec.change-file",
        "playspec.remove-file",
    ] {
        assert!(audit.contains(action), "{action} in {audit}");
    }
}

#[tokio::test]
async fn a_launch_makes_both_once() {
    let server = TestServer::open().await;
    let launch =
        json!({"name": "app", "compose_yaml": COMPOSE, "create_playground": true}).to_string();
    let key = ("idempotency-key", "launch");
    let launched = || server.with_headers(Method::POST, "/api/launch", &[key], &launch);
    let first = launched().json(201).await;
    assert_eq!(
        first,
        json!({"playspecs_created": 1, "playground_id": 1, "playzones_created": []})
    );
    assert_eq!(launched().json(201).await, first);
    let only = json!({"name": "only", "compose_yaml": COMPOSE});
    let only = server.post("/api/launch", &only).json(201).await;
    assert_eq!(
        only,
        json!({"playspecs_created": 2, "playzones_created": []})
    );
    server
        .post("/api/launch", &json!({"name": "x"}))
        .json(422)
        .await;
}

#[tokio::test]
async fn compose_files_are_checked_by_an_executor_where_there_is_one() {
    let server = TestServer::open().await;
    let check = |text: &str| {
        let body = json!({"compose_yaml": text});
        server
            .post("/api/playspecs/validate_compose", &body)
            .json(200)
    };
    let first = check(COMPOSE).await;
    assert_eq!(
        (&first["valid"], &first["services"][0]),
        (&json!(true), &json!({"name": "web", "ports": ["3000"]}))
    );
    assert!(
        first["warnings"].to_string().contains("only a first look"),
        "{first}"
    );
    let wrong = check("services: {web: {labels: {playgrounds.expos: '80'}}}").await;
    assert_eq!(wrong["valid"], false);
    assert!(wrong["errors"].to_string().contains("expose"), "{wrong}");

    register(&server, "docker-1").await;
    let answer = async {
        let renew = json!({"leases": [], "wait_seconds": 50.0});
        let heard = server
            .post("/api/executors/docker-1/leases", &renew)
            .json(200)
            .await;
        let question = &heard["questions"][0];
        assert_eq!(
            (&question["ask"], &question["playroom"]),
            (&json!("check_compose"), &json!("local"))
        );
        let path = format!(
            "/api/executors/docker-1/answers/{}",
            question["id"].as_str().expect("an id")
        );
        let body =
            json!({"valid": false, "services": [], "errors": ["web: privileged"], "warnings": []});
        assert_eq!(
            server
                .send(Method::POST, &path, body.to_string())
                .status()
                .await,
            204
        );
    };
    let (checked, ()) = tokio::join!(check(COMPOSE), answer);
    assert_eq!(checked["errors"], json!(["web: privileged"]));
}

#[tokio::test]
async fn persisted_volumes_belong_to_one_playground_of_a_playroom() {
    let server = TestServer::open().await;
    let spec =
        json!({"playspec": {"name": "p", "base_compose_yaml": COMPOSE, "persist_volumes": true}});
    server.post("/api/playspecs", &spec).json(201).await;
    let new = |name: &str| {
        super::new(
            1,
            &json!({"name": name, "service_subdomains": {"web": name}}),
        )
    };
    server.post("/api/playgrounds", &new("one")).json(201).await;
    let refused = server.post("/api/playgrounds", &new("two")).json(422).await;
    assert!(
        refused["error"]["details"]["playspec_id"].is_array(),
        "{refused}"
    );
}
