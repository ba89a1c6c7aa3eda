//! Compose files that reach for the host are refused by the check and by the operation, before anything is made.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{
    TestPlaygrounds,
    corpus::{IMAGES, OF_DOCUMENTS, OF_SERVICES},
    sources::{commit, repository},
};

/// A Compose text with the parts that its refusal has.
struct Hostile {
    compose: String,
    says: Vec<String>,
}

fn corpus() -> Vec<Hostile> {
    let of_service = |keys: &str, key: &str, allowed: &str| Hostile {
        compose: format!("services:\n  good: {{image: IMAGE}}\n  web: {{{keys}}}\n"),
        says: vec![
            "service `web`: ".to_owned(),
            format!("`{key}"),
            allowed.to_owned(),
        ],
    };
    let mut all = Vec::new();
    for (keys, key, allowed) in OF_SERVICES {
        let image = if keys.starts_with("build") {
            ""
        } else {
            "image: IMAGE, "
        };
        all.push(of_service(&format!("{image}{keys}"), key, allowed));
    }
    for image in IMAGES {
        let key = format!("image: {image}");
        all.push(of_service(
            &format!("image: '{image}'"),
            &key,
            "`pg-` and a number",
        ));
    }
    // The tool drops what no service uses.
    let uses = |text: &str| match text.split_once(':') {
        Some(("volumes", _)) => "volumes: ['vol:/x']",
        Some(("networks", _)) => "networks: [x]",
        Some(("secrets", _)) => "secrets: [x]",
        Some(("configs", _)) => "configs: [x]",
        Some(("models", _)) => "models: [x]",
        _ => "tty: false",
    };
    for (text, key, allowed) in OF_DOCUMENTS {
        all.push(Hostile {
            compose: format!(
                "services:\n  web: {{image: IMAGE, {}}}\n{text}\n",
                uses(text)
            ),
            says: vec![format!("`{key}"), (*allowed).to_owned()],
        });
    }
    all
}

/// What is on the engine.
fn made(test: &TestPlaygrounds) -> Vec<String> {
    let mut all = Vec::new();
    for kind in [["ps", "-a"], ["volume", "ls"], ["network", "ls"]] {
        let filter = "label=playhouse.project";
        let form = "{{.Label \"playhouse.project\"}}";
        all.extend(test.docker(&[kind[0], kind[1], "--filter", filter, "--format", form]));
    }
    all.retain(|project| project.contains("-hostile-"));
    all
}

fn missing<'t>(says: &'t [String], message: &str) -> Vec<&'t String> {
    says.iter()
        .filter(|part| !message.contains(part.as_str()))
        .collect()
}

#[test]
fn what_reaches_for_the_host_is_refused_before_anything_is_made() {
    let test = TestPlaygrounds::start();
    let all = corpus();
    let mut wrong = Vec::new();
    for hostile in &all {
        let compose = hostile.compose.replace("IMAGE", private_docker::BUSYBOX);
        let checked = test.post(
            "/api/playspecs/validate_compose",
            &json!({"compose_yaml": compose}),
        );
        let errors = checked["errors"].to_string();
        let missing = missing(&hostile.says, &errors);
        if checked["valid"] != false || !missing.is_empty() {
            wrong.push(format!("check of {compose}: {missing:?} in {checked}"));
        }
    }
    let ids: Vec<Option<i64>> = all
        .iter()
        .enumerate()
        .map(|(number, hostile)| created(&test, number, hostile, &mut wrong))
        .collect();
    for (hostile, id) in all.iter().zip(ids) {
        let Some(id) = id else { continue };
        let status = test.becomes(id, "error");
        let message = status["error_message"].as_str().unwrap_or_default();
        let missing = missing(&hostile.says, message);
        let details = &status["error_details"];
        if !missing.is_empty() || details["category"] != "invalid_compose" {
            wrong.push(format!(
                "playground of {}: {missing:?} in {message}",
                hostile.compose
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
    assert_eq!(made(&test), Vec::<String>::new());
}

/// Makes a playground of it, unless the playspec is refused already, which has to say the same.
fn created(
    test: &TestPlaygrounds,
    number: usize,
    hostile: &Hostile,
    wrong: &mut Vec<String>,
) -> Option<i64> {
    let name = format!("hostile-{number}");
    let compose = hostile.compose.replace("IMAGE", private_docker::BUSYBOX);
    let body = json!({"playspec": {"name": name, "base_compose_yaml": compose}});
    let answer = test.ask("POST", "/api/playspecs", Some(&body));
    if answer.status == 422 {
        let missing = missing(&hostile.says, &answer.body);
        if !missing.is_empty() {
            wrong.push(format!(
                "playspec of {compose}: {missing:?} in {}",
                answer.body
            ));
        }
        return None;
    }
    assert_eq!(answer.status, 201, "{answer:?}");
    let spec = answer.json()["id"].as_i64().expect("an id");
    Some(test.create(&format!("{name}-x"), spec, &Value::Null))
}

/// A repository with a Compose file, and a playground of it that must be refused.
#[track_caller]
fn refused_repository(
    test: &TestPlaygrounds,
    name: &str,
    compose: &str,
    change: impl FnOnce(&std::path::Path),
    says: &str,
) {
    let repository = repository();
    let compose = compose.replace("IMAGE", private_docker::BUSYBOX);
    std::fs::write(repository.path().join("compose.yml"), compose).expect("a file");
    change(repository.path());
    commit(repository.path(), "hostile");
    let url = format!("file://{}", repository.path().display());
    let spec = test.post(
        "/api/playspecs",
        &json!({"playspec": {"name": name, "repo_url": url, "compose_path": "compose.yml"}}),
    );
    let id = test.create(name, spec["id"].as_i64().expect("an id"), &Value::Null);
    let status = test.becomes(id, "error");
    let message = status["error_message"].as_str().expect("a message");
    assert!(message.contains(says), "{name}: {message}");
    assert_eq!(
        status["error_details"]["category"], "invalid_compose",
        "{status:#}"
    );
    assert_eq!(
        test.left_of(&format!("pg-{id}-{name}")),
        Vec::<String>::new()
    );
    test.destroy(id);
}

#[test]
fn a_repository_that_leads_out_of_its_checkout_is_refused() {
    let test = TestPlaygrounds::start();
    let link = |to: &'static str, name: &'static str| {
        move |directory: &std::path::Path| symlink(to, directory.join(name)).expect("a link")
    };
    let leads = "leads out of the repository";
    let mount = "services: {web: {image: IMAGE, volumes: ['./x:/x']}}";
    refused_repository(&test, "linked-mount", mount, link("/etc", "x"), leads);
    let above = link("../../../..", "x");
    refused_repository(&test, "linked-above", mount, above, leads);
    let env = "services: {web: {image: IMAGE, env_file: x}}";
    refused_repository(
        &test,
        "linked-env-file",
        env,
        link("/etc/passwd", "x"),
        leads,
    );
    let plain = "services: {web: {image: IMAGE}}";
    refused_repository(
        &test,
        "linked-env",
        plain,
        link("/etc/passwd", ".env"),
        leads,
    );
    let build = "services: {web: {build: {context: x}}}";
    refused_repository(&test, "linked-context", build, link("/etc", "x"), leads);
    let extends = "services: {web: {extends: {file: other/a.yml, service: web}}}";
    let outside = |directory: &std::path::Path| {
        std::fs::create_dir(directory.join("other")).expect("a directory");
        let text = "services: {web: {image: x, env_file: ../../../../etc/passwd}}";
        std::fs::write(directory.join("other/a.yml"), text).expect("a file");
    };
    refused_repository(
        &test,
        "extended",
        extends,
        outside,
        "inside the project directory",
    );
    let include = "include: [other/a.yml]\nservices: {good: {image: IMAGE}}";
    refused_repository(
        &test,
        "included",
        include,
        outside,
        "inside the project directory",
    );
    // The engine would look `data` up again at each start, where the container may have put a link.
    let nested = "services: {web: {image: IMAGE, volumes: ['.:/app', './data:/data']}}";
    let data = |directory: &std::path::Path| {
        std::fs::create_dir(directory.join("data")).expect("a directory");
        std::fs::write(directory.join("data/file"), "").expect("a file");
    };
    refused_repository(&test, "nested", nested, data, "replace it by a link");
}
