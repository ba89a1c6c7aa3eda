//! What a playspec brings with it: a Compose file of the branch, files that are mounted, logins of registries.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    TestPlaygrounds,
    bench::request_of,
    foreign::{Foreign, removed_at_end},
    sources::{commit, git, repository},
};

#[test]
fn the_compose_file_comes_from_the_branch_and_changes_with_it() {
    let test = TestPlaygrounds::start();
    let repository = repository();
    let image = private_docker::BUSYBOX;
    let write = |greeting: &str| {
        let serve = format!("echo {greeting} > /index.html; exec httpd -f -p 80 -h /");
        let text = format!(
            "services:\n  web:\n    image: {image}\n    command: [sh, -c, '{serve}']\n    labels: \
             {{playgrounds.expose: '80'}}\n    stop_grace_period: 0s\n"
        );
        fs::create_dir_all(repository.path().join("deploy")).expect("a directory");
        fs::write(repository.path().join("deploy/compose.yaml"), text).expect("a file");
        commit(repository.path(), greeting);
    };
    write("main");
    git(
        repository.path(),
        &["checkout", "--quiet", "-b", "feature/new"],
    );
    write("feature");
    let url = format!("file://{}", repository.path().display());
    let spec = test.post(
        "/api/playspecs",
        &json!({"playspec": {"name": "of the branch", "repo_url": url, "compose_path": "deploy/compose.yaml"}}),
    );
    let spec = spec["id"].as_i64().expect("an id");
    let of_branch = |branch: &str, subdomain: &str| {
        json!({
            "services": {"web": {"git_config": {"branch_name": branch}}},
            "service_subdomains": {"web": subdomain},
        })
    };
    let main = test.create("of-main", spec, &of_branch("main", "of-main"));
    let feature = test.create("of-feature", spec, &of_branch("feature/new", "of-feature"));
    for (id, page) in [(main, "main"), (feature, "feature")] {
        test.becomes(id, "running");
        assert_eq!(test.visit(id, "web", "/").body.trim(), page);
    }
    write("changed");
    test.post(&format!("/api/playgrounds/{feature}/rollout"), &json!({}));
    test.becomes(feature, "running");
    assert_eq!(test.visit(feature, "web", "/").body.trim(), "changed");
    assert_eq!(test.visit(main, "web", "/").body.trim(), "main");
    for id in [main, feature] {
        test.destroy(id);
    }
}

#[test]
fn a_file_is_mounted_where_the_playspec_says() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec(
        "with a file",
        "
services:
  web: {image: IMAGE, command: [httpd, -f, -p, '80', -h, /etc/site], labels: {playgrounds.expose: '80'}, stop_grace_period: 0s}
  other: {image: IMAGE, command: [sleep, '1000'], stop_grace_period: 0s}
",
    );
    let body = "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"page\"\r\n\r\nmounted page\r\n\
        --edge\r\ncontent-disposition: form-data; name=\"mount_path\"\r\n\r\n/etc/site/index.html\r\n\
        --edge\r\ncontent-disposition: form-data; name=\"target_services[]\"\r\n\r\nweb\r\n--edge--\r\n";
    let host = format!("127.0.0.1:{}", test.server.port);
    let path = format!("/api/playspecs/{spec}/add_mounted_file");
    let kind = "multipart/form-data; boundary=edge";
    let added = request_of(test.server.port, &host, ("POST", &path), (kind, body));
    assert_eq!(
        added.as_ref().map(|answer| answer.status),
        Some(201),
        "{added:?}"
    );
    let id = test.create("mounted", spec, &Value::Null);
    test.becomes(id, "running");
    assert_eq!(test.visit(id, "web", "/").body, "mounted page");
    let mounts = |service: &str| {
        let filter = format!("label=playhouse.service={service}");
        let project = format!("label=playhouse.project=pg-{id}-mounted");
        let found = test.docker(&["ps", "-q", "--filter", &project, "--filter", &filter]);
        let format = "{{range .Mounts}}{{println .Destination .RW}}{{end}}";
        test.docker(&["inspect", "--format", format, &found[0]])
            .concat()
    };
    assert_eq!(mounts("web"), "/etc/site/index.html false");
    assert_eq!(mounts("other"), "");
    test.destroy(id);
}

#[test]
fn a_private_image_is_pulled_with_the_playspecs_login() {
    let test = TestPlaygrounds::start();
    let foreign = removed_at_end(&test);
    let registry = registry(&test, &foreign);
    let image = format!("{registry}/team/private:1");
    let compose = format!(
        "services:\n  web: {{image: '{image}', command: [sleep, '1000'], stop_grace_period: 0s}}\n"
    );
    let spec = test.playspec("private", &compose);
    let add = |secret: &str| {
        test.post(
            &format!("/api/playspecs/{spec}/add_registry_credential"),
            &json!({"registry_url": registry, "username": "robot", "secret": secret}),
        )
    };
    let wrong = add("not the secret");
    let refused = test.create("refused", spec, &Value::Null);
    let status = test.becomes(refused, "error");
    assert_eq!(
        status["error_details"]["category"], "image_pull_auth_failed",
        "{status:#}"
    );
    let path = format!(
        "/api/playspecs/{spec}/remove_registry_credential?id={}",
        wrong["id"]
    );
    assert_eq!(test.ask("DELETE", &path, None).status, 204);
    add("hunter2-of-the-registry");
    let allowed = test.create("allowed", spec, &Value::Null);
    test.becomes(allowed, "running");
    // The login was on disk for as long as the image was pulled.
    let left = Command::new("grep")
        .args([
            "-rl",
            "-e",
            "hunter2-of-the-registry",
            "-e",
            LOGIN,
            test.server.home().to_str().expect("UTF-8"),
        ])
        .output()
        .expect("grep starts");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
    test.destroy(refused);
    test.destroy(allowed);
    test.docker(&["rmi", &image]);
}

/// `robot:hunter2-of-the-registry` in base64.
const LOGIN: &str = "cm9ib3Q6aHVudGVyMi1vZi10aGUtcmVnaXN0cnk=";

/// Serves one image to who logs in; answers where the engine reaches it.
fn registry(test: &TestPlaygrounds, foreign: &Foreign) -> String {
    // The engine tries HTTPS first, which has no lines.
    const HANDLER: &str = r#"#!/bin/sh
read -t 1 method path rest && case $path in /*) ;; *) false;; esac || exit
login=
while read name value && [ "$name" != "$(printf '\r')" ]; do
    case "$name $value" in *[Aa]uthorization:*LOGIN*) login=yes;; esac
done
type=application/octet-stream status='200 OK' file=/registry/empty
case $path in
*/manifests/*) type=application/vnd.docker.distribution.manifest.v2+json file=/registry/manifest;;
*/blobs/*) file=/registry/${path##*/sha256:};;
esac
[ "$login" ] || status='401 Unauthorized' file=/registry/denied
printf 'HTTP/1.1 %s\r\nWWW-Authenticate: Basic realm="private"\r\nContent-Type: %s\r\nContent-Length: %s\r\n' \
    "$status" "$type" "$(wc -c < $file)"
printf 'Connection: close\r\n\r\n'
[ "$method" = HEAD ] || cat $file
"#;
    let files = TempDir::new().expect("a temporary directory");
    image(test, files.path());
    let write = |name: &str, text: &str| fs::write(files.path().join(name), text).expect("a file");
    write("empty", "{}");
    write(
        "denied",
        r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
    );
    write("handler", &HANDLER.replace("LOGIN", LOGIN));
    let script = "until [ -e /registry/handler ]; do sleep 0.1; done; exec nc -ll -p 80 -e sh /registry/handler";
    let id = foreign.container("specs-registry", &[], &["sh", "-c", script]);
    let from = files.path().display().to_string();
    test.docker(&["cp", &from, &format!("{id}:/registry")]);
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = test.docker(&["inspect", "--format", format, &id]);
    format!("{}:80", address.first().expect("an address"))
}

/// Puts the tests' image into a directory as a registry has it: blobs by their hash, and the manifest.
fn image(test: &TestPlaygrounds, into: &Path) {
    let saved = into.join("saved");
    fs::create_dir(&saved).expect("a directory");
    let archive = into.join("image.tar");
    let to = archive.display().to_string();
    test.docker(&["save", "--output", &to, private_docker::BUSYBOX]);
    run("tar", &["-xf", &to, "-C", &saved.display().to_string()]);
    let text = fs::read_to_string(saved.join("manifest.json")).expect("a manifest");
    let listed: Value = serde_json::from_str(&text).expect("JSON");
    let blob = |name: &Value| {
        let file = saved.join(name.as_str().expect("a name"));
        let printed = run("sha256sum", &[&file.display().to_string()]);
        let hash = printed.split(' ').next().expect("a hash").to_owned();
        let size = fs::metadata(&file).expect("a file").len();
        fs::copy(&file, into.join(&hash)).expect("a copy");
        (format!("sha256:{hash}"), size)
    };
    let kind = |what: &str| format!("application/vnd.docker.{what}");
    let (config, size) = blob(&listed[0]["Config"]);
    let layers = listed[0]["Layers"].as_array().expect("layers").iter();
    let layers: Vec<Value> = layers
        .map(|layer| {
            let (digest, size) = blob(layer);
            json!({"mediaType": kind("image.rootfs.diff.tar.gzip"), "size": size, "digest": digest})
        })
        .collect();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": kind("distribution.manifest.v2+json"), "layers": layers,
        "config": {"mediaType": kind("container.image.v1+json"), "size": size, "digest": config},
    });
    fs::write(into.join("manifest"), manifest.to_string()).expect("a file");
    fs::remove_dir_all(&saved).expect("it goes");
    fs::remove_file(&archive).expect("it goes");
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
