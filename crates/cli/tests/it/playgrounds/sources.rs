//! Services that are built from a repository.

use std::{fs, path::Path, process::Command};

use serde_json::json;
use tempfile::TempDir;

use super::TestPlaygrounds;

const COMPOSE: &str = "
services:
  web:
    labels: {playgrounds.expose: '80', playgrounds.source_mount: /app}
    environment: {MODE: '${MODE:-plain}'}
";

/// Runs git in a directory, with an author set.
pub(super) fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A repository with a page and a Dockerfile.
pub(super) fn repository() -> TempDir {
    let directory = TempDir::new().expect("a temporary directory");
    let write =
        |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("a file");
    git(directory.path(), &["init", "--quiet"]);
    let serve = "mkdir -p /www; cp /app/page /www/index.html; echo $GREETING$TONE >> /www/index.html; \
        exec httpd -f -p 80 -h /www";
    let image = private_docker::BUSYBOX;
    write(
        "Dockerfile",
        &format!(
            "FROM {image}\nARG TONE=\nENV TONE=$TONE\nCOPY . /app\nCMD [\"sh\", \"-c\", \"{serve}\"]\n"
        ),
    );
    write("page", "first\n");
    write(
        ".env.example",
        "GREETING=hello\nSECRET_KEY_BASE=$$secret(16)\n",
    );
    commit(directory.path(), "first");
    directory
}

pub(super) fn commit(directory: &Path, message: &str) {
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--message", message]);
}

#[test]
fn a_branch_is_cloned_built_and_rolled_out_with_its_secrets_kept() {
    let test = TestPlaygrounds::start();
    let repository = repository();
    let url = format!("file://{}", repository.path().display());
    let spec = test.post(
        "/api/playspecs",
        &json!({"playspec": {
            "name": "from a branch", "base_compose_yaml": COMPOSE,
            "services": [{"name": "web", "type": "dynamic", "repo_url": url}],
        }}),
    );
    let spec = spec["id"].as_i64().expect("an id");
    let id = test.create(
        "branch",
        spec,
        &json!({"services": {"web": {"git_config": {"branch_name": "main"}}}}),
    );
    test.becomes(id, "running");
    assert_eq!(test.visit(id, "web", "/").body, "first\nhello\n");
    let environment = test
        .get(&format!("/api/playgrounds/{id}/env_metadata"))
        .json();
    assert_eq!(
        environment["metadata"]["GREETING"],
        json!({"value": "hello", "source": "default"})
    );
    assert_eq!(environment["generated_keys"], json!(["SECRET_KEY_BASE"]));
    let secret = environment["merged"]["SECRET_KEY_BASE"].clone();

    fs::write(repository.path().join("page"), "second\n").expect("a file");
    commit(repository.path(), "second");
    let overrides = json!({"playground": {"build_overrides_yaml": "web: {args: {TONE: '!$'}}"}});
    test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&overrides));
    test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
    test.becomes(id, "running");
    assert_eq!(test.visit(id, "web", "/").body, "second\nhello!$\n");
    let environment = test
        .get(&format!("/api/playgrounds/{id}/env_metadata"))
        .json();
    assert_eq!(environment["merged"]["SECRET_KEY_BASE"], secret);
    let debug = test.get(&format!("/api/playgrounds/{id}/debug")).json();
    assert_eq!(
        debug["build_records"].as_array().map(Vec::len),
        Some(1),
        "{debug:#}"
    );
    assert_eq!(
        debug["branch_clones"].as_array().map(Vec::len),
        Some(1),
        "{debug:#}"
    );
    test.destroy(id);
    assert_eq!(
        test.left_of(&format!("pg-{id}-branch")),
        Vec::<String>::new()
    );
}

#[test]
fn a_branch_that_does_not_exist_fails_with_its_name() {
    let test = TestPlaygrounds::start();
    let repository = repository();
    let url = format!("file://{}", repository.path().display());
    let spec = test.post(
        "/api/playspecs",
        &json!({"playspec": {
            "name": "no branch", "base_compose_yaml": COMPOSE,
            "services": [{"name": "web", "type": "dynamic", "repo_url": url}],
        }}),
    );
    let spec = spec["id"].as_i64().expect("an id");
    let id = test.create(
        "none",
        spec,
        &json!({"services": {"web": {"git_config": {"branch_name": "nope"}}}}),
    );
    let status = test.becomes(id, "error");
    assert_eq!(status["error_step"], "repo_clone", "{status:#}");
    let message = status["error_message"].as_str().expect("a message");
    assert!(message.contains("branch nope does not exist"), "{message}");
    test.destroy(id);
}
