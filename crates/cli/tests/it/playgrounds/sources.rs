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

/// A playspec whose service `web` comes from a repository; answers its id.
pub(super) fn playspec_of(test: &TestPlaygrounds, name: &str, url: &str, compose: &str) -> i64 {
    let services = json!([{"name": "web", "type": "dynamic", "repo_url": url}]);
    let spec = json!({"name": name, "base_compose_yaml": compose, "services": services});
    let spec = test.post("/api/playspecs", &json!({"playspec": spec}));
    spec["id"].as_i64().expect("an id")
}

#[test]
fn a_branch_is_cloned_built_and_rolled_out_with_its_secrets_kept() {
    let test = TestPlaygrounds::start();
    let repository = repository();
    let url = format!("file://{}", repository.path().display());
    let spec = playspec_of(&test, "from a branch", &url, COMPOSE);
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
    let spec = playspec_of(&test, "no branch", &url, COMPOSE);
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

/// Volumes without a name of the service and of its image.
const VOLUMES: &str = "
services:
  web:
    labels: {playgrounds.expose: '80', playgrounds.source_mount: /app}
    volumes: [/of-service]
    stop_grace_period: 0s
";

#[test]
fn what_is_undone_or_rolled_back_has_its_checkout_and_its_volumes_are_ours() {
    let test = TestPlaygrounds::start();
    let repository = repository();
    let path = repository.path();
    let write = |name: &str, text: &str| fs::write(path.join(name), text).expect("a file");
    let good = fs::read_to_string(path.join("Dockerfile")).expect("a file");
    let good = format!("{good}VOLUME /of-image\n");
    write("Dockerfile", &good);
    commit(path, "with a volume");
    let url = format!("file://{}", path.display());
    let spec = playspec_of(&test, "undone", &url, VOLUMES);
    let id = test.create("undone", spec, &json!({}));
    test.becomes(id, "running");
    let project = format!("pg-{id}-undone");
    let filter = format!("label=playhouse.project={project}");
    let owned = [
        "--filter",
        "label=playhouse.owner",
        "--filter",
        "label=playhouse.playground",
    ];
    let listed = [&["volume", "ls", "-q", "--filter", &filter][..], &owned].concat();
    assert_eq!(
        test.docker(&listed).len(),
        2,
        "{:?}",
        test.docker(&["volume", "ls"])
    );

    let container = || test.containers(&project).pop().expect("a container");
    let page = || test.docker(&["exec", &container(), "cat", "/app/page"]);
    let rollout = format!("/api/playgrounds/{id}/rollout");
    let broken = [
        (format!("{good}CMD exit 3\n"), "compose_rollout"),
        (format!("{good}RUN exit 7\n"), "image_build"),
    ];
    for (dockerfile, step) in broken {
        write("Dockerfile", &dockerfile);
        write("page", "broken\n");
        commit(path, step);
        test.post(&rollout, &json!({}));
        let status = test.becomes(id, "error");
        assert_eq!(status["error_step"], step, "{status:#}");
        assert_eq!(page(), ["first"], "{step}");
        assert_eq!(test.visit(id, "web", "/").body, "first\nhello\n");
    }
    write("Dockerfile", &good);
    write("page", "second\n");
    commit(path, "second");
    test.post(&rollout, &json!({}));
    test.becomes(id, "running");
    assert_eq!(page(), ["second"]);
    test.post(
        &format!("/api/playgrounds/{id}/rollback"),
        &json!({"revision": 1}),
    );
    let status = test.becomes(id, "running");
    assert_eq!(page(), ["first"]);
    assert_eq!(status["service_urls"][0]["type"], "dynamic", "{status:#}");
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
}
