//! Playbooks are listed, looked at, copied and checked.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;

use super::{CHECKS, library, refusal};

const BROKEN: &str = "name: Broken\nversion: 1\nsteps: [\n";

#[tokio::test]
async fn the_list_has_every_playbook_and_says_what_cannot_be_read() {
    let files = [
        ("gateway/checks.yaml", CHECKS),
        ("broken.yaml", BROKEN),
        ("gateway/checks.backup.20251024_231456.yaml", CHECKS),
        (".git/hidden.yaml", CHECKS),
        ("notes.txt", "no playbook"),
    ];
    let server = library(&files).await;
    let list = server.get("/api/playbooks").json(200).await;
    let playbooks = list["playbooks"].as_array().expect("a list");
    assert_eq!(playbooks.len(), 1, "{list}");
    let checks = &playbooks[0];
    let documented = json!([
        checks["name"],
        checks["path"],
        checks["domain"],
        checks["description"],
        checks["version"]
    ]);
    let expected = json!([
        "Health checks",
        "gateway/checks.yaml",
        "gateway",
        "Waits, then says so",
        "1.0"
    ]);
    assert_eq!(documented, expected);
    assert_eq!(checks["parameter_count"], 2);
    assert_eq!(checks["steps"][1]["retry_count"], 2);
    let problems = list["problems"].as_array().expect("a list");
    assert_eq!(problems[0]["path"], "broken.yaml");
    assert!(problems[0]["line"].as_u64().is_some_and(|line| line >= 3));

    // What changed on disk is there at once.
    let file = server.dir().join("data/playbooks/broken.yaml");
    fs::write(file, CHECKS.replace("Health checks", "Mended")).expect("a file");
    let list = server.get("/api/playbooks").json(200).await;
    assert_eq!(list["playbooks"][0]["name"], "Mended");
    assert!(list["problems"].is_null(), "{list}");
}

#[tokio::test]
async fn a_playbook_is_found_by_its_path_encoded_or_not() {
    let server = library(&[("gateway/checks.yaml", CHECKS)]).await;
    for path in ["gateway/checks.yaml", "gateway%2Fchecks.yaml"] {
        let found = server
            .get(&format!("/api/playbooks/{path}"))
            .json(200)
            .await;
        assert_eq!(found["name"], "Health checks");
        let parameter = json!({"name": "seconds", "type": "float", "required": true,
            "default": 1.5, "description": "How long"});
        assert_eq!(found["parameters"][0], parameter);
        assert_eq!(found["steps"][0]["id"], "wait");
        assert_eq!(found["steps"][0]["type"], "utility.sleep");
    }
    let missing = server
        .get("/api/playbooks/gateway/none.yaml")
        .json(404)
        .await;
    let expected = json!({"detail": {
        "error": "playbook_not_found",
        "message": "Playbook 'gateway/none.yaml' not found",
        "details": {"path": "gateway/none.yaml"},
    }});
    assert_eq!(missing, expected);
}

#[tokio::test]
async fn no_path_leads_out_of_the_library() {
    let server = library(&[("inside.yaml", CHECKS)]).await;
    let data = server.dir().join("data");
    fs::write(data.join("secret.yaml"), CHECKS).expect("a file");
    symlink(data.join("secret.yaml"), data.join("playbooks/link.yaml")).expect("a link");
    symlink(&data, data.join("playbooks/folder")).expect("a link");
    for path in [
        "..%2Fsecret.yaml",
        "%2e%2e%2fsecret.yaml",
        "%252e%252e%252fsecret.yaml",
        "a%2F..%2F..%2Fsecret.yaml",
        "..%5Csecret.yaml",
        "%2Fetc%2Fpasswd.yaml",
        "inside.yaml%00",
        "inside",
    ] {
        let refused = server
            .get(&format!("/api/playbooks/{path}"))
            .json(400)
            .await;
        assert_eq!(refusal(&refused).0, "invalid_path", "{path}");
    }
    for path in ["link.yaml", "folder/secret.yaml"] {
        let refused = server
            .get(&format!("/api/playbooks/{path}"))
            .json(404)
            .await;
        assert_eq!(refusal(&refused).0, "playbook_not_found", "{path}");
        let start = json!({"playbook_path": path});
        let refused = server.post("/api/executions", &start).json(404).await;
        assert_eq!(refusal(&refused).0, "playbook_not_found", "{path}");
    }
    let start = json!({"playbook_path": "../secret.yaml"});
    let refused = server.post("/api/executions", &start).json(400).await;
    assert_eq!(refusal(&refused).0, "invalid_path");
}

#[tokio::test]
async fn a_copy_lies_beside_its_source_under_its_new_name() {
    let server = library(&[("gateway/checks.yaml", CHECKS)]).await;
    let copy = json!({"source_path": "gateway/checks.yaml", "new_name": "My Custom Playbook"});
    let copied = server
        .post("/api/playbooks/duplicate", &copy)
        .json(200)
        .await;
    let expected = json!({"message": "Playbook duplicated successfully",
        "new_path": "gateway/my-custom-playbook.yaml"});
    assert_eq!(copied, expected);
    let found = server
        .get("/api/playbooks/gateway/my-custom-playbook.yaml")
        .json(200)
        .await;
    assert_eq!(found["name"], "My Custom Playbook");

    let again = server
        .post("/api/playbooks/duplicate", &copy)
        .json(400)
        .await;
    assert_eq!(refusal(&again).0, "validation_error");
    let unknown = json!({"source_path": "none.yaml", "new_name": "A"});
    let unknown = server
        .post("/api/playbooks/duplicate", &unknown)
        .json(404)
        .await;
    assert_eq!(refusal(&unknown).0, "playbook_not_found");
    for name in ["", "  ", "--", "a\nb"] {
        let wrong = json!({"source_path": "gateway/checks.yaml", "new_name": name});
        let wrong = server
            .post("/api/playbooks/duplicate", &wrong)
            .json(400)
            .await;
        assert_eq!(refusal(&wrong).0, "validation_error", "{name:?}");
    }
    let files = fs::read_dir(server.dir().join("data/playbooks/gateway")).expect("a folder");
    assert_eq!(files.count(), 2, "nothing else is left");
}

#[tokio::test]
async fn a_text_is_checked_and_the_language_described() {
    let server = library(&[]).await;
    let validate = |text: &str| {
        let body = json!({"content": text});
        let server = &server;
        async move {
            server
                .post("/api/playbooks/validate", &body)
                .json(200)
                .await
        }
    };
    let right = validate(CHECKS).await;
    assert_eq!(right, json!({"valid": true, "errors": [], "warnings": []}));
    let broken = validate(BROKEN).await;
    assert_eq!(broken["valid"], false);
    let wrong = validate(&CHECKS.replace("retry_count", "retry_cuont")).await;
    assert_eq!(wrong["valid"], true);
    let warning = wrong["warnings"][0]["message"].as_str().expect("a message");
    assert!(
        warning.contains("retry_cuont") && warning.contains("retry_count"),
        "{warning}"
    );
    assert_eq!(wrong["warnings"][0]["line"], 10);
    let schema = server.get("/api/playbooks/schema").json(200).await;
    assert!(schema.to_string().contains("utility.sleep"));
}

#[tokio::test]
async fn the_server_is_healthy() {
    let server = library(&[]).await;
    server.clock.advance_ms(3_600_000);
    let health = server.get("/api/health").json(200).await;
    let version = env!("CARGO_PKG_VERSION");
    let expected = json!({"status": "healthy", "version": version, "uptime_seconds": 3600});
    assert_eq!(health, expected);
}
