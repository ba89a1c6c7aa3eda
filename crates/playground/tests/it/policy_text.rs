//! Files that the compose tool would read while it normalises.

use std::collections::BTreeMap;

use playground::policy::{Policy, check_text};

fn shown(text: &str, policy: &Policy) -> Vec<String> {
    let values = BTreeMap::from([
        ("OUT".to_owned(), "/etc".to_owned()),
        ("IN".to_owned(), "sub".to_owned()),
    ]);
    let found = check_text(text, &values, policy).into_iter();
    found
        .map(|r| format!("{} {} {}", r.service.unwrap_or_default(), r.key, r.value))
        .collect()
}

fn service(key: &str, value: &str) -> String {
    format!("services:\n  web:\n    {key}: {value}\n")
}

#[test]
fn files_inside_the_project_are_read() {
    for value in [
        ".env",
        "[./a.env, sub/../b.env]",
        "{path: a.env, required: false}",
        "[{path: a/b.env}]",
        "${IN}/x",
        "a@b/c.env",
        "a:b/c.env",
        "${NOT_SET}",
        "",
    ] {
        assert_eq!(
            shown(&service("env_file", value), &Policy::default()),
            Vec::<String>::new(),
            "{value}"
        );
    }
    let text = "
include:
  - a.yaml
  - path: [sub/b.yaml, ./c.yaml]
    project_directory: sub
    env_file: sub/.env
services:
  web:
    extends: {file: base.yaml, service: web}
    label_file: labels
  other:
    extends: web
";
    assert_eq!(shown(text, &Policy::default()), Vec::<String>::new());
}

#[test]
fn files_outside_are_refused() {
    for value in [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "~/x",
        "${OUT}/shadow",
        "a/.././../x",
        "./..",
    ] {
        let text = service("env_file", &format!("'{value}'"));
        assert_eq!(
            shown(&text, &Policy::default()),
            [format!("web env_file {value}")]
        );
        let open = Policy {
            remote_sources: true,
            ..Policy::default()
        };
        assert_eq!(shown(&text, &open).len(), 1);
    }
    let text = "
include:
  - /a.yaml
  - path: [/b.yaml, c.yaml]
    project_directory: /d
    env_file: [/e]
services:
  web:
    extends: {file: /f, service: web}
    label_file: [/g]
    env_file: [{path: /h}, ok]
";
    let expected = [
        " include /a.yaml",
        " include.env_file /e",
        " include.path /b.yaml",
        " include.project_directory /d",
        "web env_file /h",
        "web extends.file /f",
        "web label_file /g",
    ];
    assert_eq!(shown(text, &Policy::default()), expected);
}

#[test]
fn files_from_elsewhere_need_a_setting() {
    let open = Policy {
        remote_sources: true,
        ..Policy::default()
    };
    for value in [
        "https://example.org/a.git",
        "git@example.org:a.git",
        "oci://example.org/a",
        "oci:example.org/a",
    ] {
        let text = format!("include: ['{value}']\n");
        assert_eq!(
            shown(&text, &Policy::default()),
            [format!(" include {value}")]
        );
        assert_eq!(shown(&text, &open), Vec::<String>::new());
    }
    let refusal = &check_text(
        "include: ['https://x']",
        &BTreeMap::new(),
        &Policy::default(),
    )[0];
    assert!(
        refusal.allowed.contains("`remote_sources: true`"),
        "{refusal}"
    );
    let refusal = &check_text("include: [/x]", &BTreeMap::new(), &Policy::default())[0];
    assert!(!refusal.allowed.contains("remote_sources"), "{refusal}");
    assert_eq!(shown("a: [", &open), Vec::<String>::new());
}
