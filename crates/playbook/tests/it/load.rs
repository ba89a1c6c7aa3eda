//! What loads, what is refused, and what is said of it.

use insta::assert_snapshot;
use playbook::{OnFailure, ParameterKind, parse};
use serde_json::json;

use super::{lines, loaded, with_steps};

const STEP: &str = "- {id: a, name: A, type: utility.sleep}\n";

/// What is said of a text, errors and warnings.
fn said(text: &str) -> String {
    match parse(text) {
        Ok(loaded) => format!("loads\n{}", lines(&loaded.warnings)),
        Err(problems) => format!("refused\n{}", lines(&problems)),
    }
}

#[test]
fn every_key_is_read() {
    let playbook = loaded(include_str!("fixtures/every_key.yaml"));
    assert_snapshot!(format!("{playbook:#?}"));
}

#[test]
fn every_key_is_known() {
    let loaded = parse(include_str!("fixtures/every_key.yaml")).unwrap();
    assert_eq!(lines(&loaded.warnings), "");
}

#[test]
fn mistakes_have_their_place_and_a_hint() {
    assert_snapshot!(said(include_str!("fixtures/mistakes.yaml")));
}

#[test]
fn odd_things_load_with_a_warning() {
    assert_snapshot!(said(include_str!("fixtures/warnings.yaml")));
}

#[test]
fn what_is_missing_is_said() {
    let texts = [
        "",
        "[]",
        "text",
        "{}",
        "name: A\nversion: 1\n",
        "name: A\nversion: 1\nsteps:\n",
        "name: A\nversion: 1\nsteps: []\n",
        "name: A\nversion: 1\nsteps: {a: 1}\n",
        "name: A\nsteps:\n- {id: a, name: A, type: utility.sleep}\n",
        "name: A\nversion: 1\nsteps:\n- {}\n- text\n",
        "name: A\nversion: 1\nparameters: {a: 1}\nsteps:\n- {id: a, name: A, type: utility.sleep}\n",
        "name: [A]\nversion: 1\nsteps:\n- {id: a, name: A, type: utility.sleep}\n",
        "name: A\nversion: 1\nname: 'x\nsteps: 3\n",
        "name: A\n  version: 1\n",
        "name: A\nversion: &a [*a]\nsteps: 1\n",
    ];
    let said: Vec<String> = texts
        .into_iter()
        .map(|text| format!("{text:?}\n{}", said(text)))
        .collect();
    assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_version_may_be_anything_but_must_be_there() {
    for (version, read) in [
        ("1.0", "1.0"),
        ("'4.1'", "4.1"),
        ("2", "2"),
        ("", "null"),
        ("[1]", "[1]"),
    ] {
        let text = format!("name: A\nversion: {version}\nsteps:\n{STEP}");
        let expected = if read == "null" { "" } else { read };
        assert_eq!(loaded(&text).version, expected, "{version}");
    }
}

#[test]
fn defaults_of_a_step() {
    let playbook = loaded(&with_steps("", STEP));
    let step = &playbook.steps[0];
    assert_eq!(
        (step.timeout_s, step.retry.count, step.retry.delay_s),
        (300.0, 0, 5.0)
    );
    assert_eq!((step.retry.backoff, step.retry.max_delay_s), (1.0, 3600.0));
    assert_eq!(step.on_failure, OnFailure::Abort);
    assert!(step.idempotent && step.when.is_none() && step.register.is_none());
    assert_eq!(playbook.finally_timeout_s, 300.0);
    assert_eq!((step.at.line, step.at.column), (4, 3));
}

#[test]
fn a_step_with_inner_steps_has_a_day() {
    let steps = "- {id: a, name: A, steps: [{id: b, name: B, type: utility.sleep}]}\n\
                 - {id: c, name: C, type: playbook.run, parameters: {playbook: x}}\n\
                 - {id: d, name: D, type: utility.sleep, for_each: [1]}\n\
                 - {id: e, name: E, parallel: [{id: f, name: F, type: utility.sleep}], timeout: 7}\n";
    let playbook = loaded(&with_steps("", steps));
    let timeouts: Vec<f64> = playbook.steps.iter().map(|step| step.timeout_s).collect();
    assert_eq!(timeouts, [86_400.0, 86_400.0, 300.0, 7.0]);
    let kinds: Vec<&str> = playbook
        .steps
        .iter()
        .map(|step| step.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        ["group", "playbook.run", "utility.sleep", "parallel"]
    );
    let all: Vec<&str> = playbook.all_steps().map(|step| step.id.as_str()).collect();
    assert_eq!(all, ["a", "b", "c", "d", "e", "f"]);
    assert!(playbook.steps.iter().all(|step| step.is_composite()));
    assert!(!playbook.steps[0].steps[0].is_composite());
}

#[test]
fn words_of_yaml_1_1_are_booleans_unless_they_are_quoted() {
    let step = "- id: a\n  name: A\n  type: utility.log\n  parameters:\n    message: [yes, No, ON, off, \
                'yes', \"no\", y, n, true, False, yesterday]\n";
    let playbook = loaded(&with_steps("", step));
    let expected = json!([
        true,
        false,
        true,
        false,
        "yes",
        "no",
        "y",
        "n",
        true,
        false,
        "yesterday"
    ]);
    assert_eq!(playbook.steps[0].parameters["message"], expected);
}

#[test]
fn scalars_keep_their_types() {
    let step = "- id: a\n  name: A\n  type: utility.log\n  parameters:\n    message: [1, -2, 1.5, '1', ~, \
                null, 1e3, .inf, text, {a: 1}, 18446744073709551615]\n";
    let playbook = loaded(&with_steps("", step));
    let expected = json!([1, -2, 1.5, "1", null, null, 1000.0, "inf", "text", {"a": 1}, u64::MAX]);
    assert_eq!(playbook.steps[0].parameters["message"], expected);
}

#[test]
fn anchors_and_merges_are_followed() {
    let steps = "- &base\n  id: a\n  name: A\n  type: utility.log\n  parameters: &p {message: x, level: debug}\n\
                 - <<: *base\n  id: b\n  parameters:\n    <<: *p\n    message: y\n";
    let playbook = loaded(&with_steps("", steps));
    let second = &playbook.steps[1];
    assert_eq!(
        (second.id.as_str(), second.kind.as_str()),
        ("b", "utility.log")
    );
    assert_eq!(
        json!(second.parameters),
        json!({"message": "y", "level": "debug"})
    );
}

#[test]
fn of_two_equal_keys_the_last_counts() {
    let text = format!("name: A\nname: B\nversion: 1\nsteps:\n{STEP}");
    let loaded = parse(&text).unwrap();
    assert_eq!(loaded.playbook.name, "B");
    assert_eq!(
        lines(&loaded.warnings),
        "2:1: warning: `name` stands twice; the last one counts"
    );
}

#[test]
fn what_the_original_moved_into_the_metadata_is_read_from_there() {
    let text = with_steps(
        "metadata: {domain: gateway, group: G, verified: true}\n",
        STEP,
    );
    let playbook = loaded(&text);
    assert_eq!(playbook.domain.as_deref(), Some("gateway"));
    assert_eq!(
        (playbook.group.as_deref(), playbook.verified),
        (Some("G"), Some(true))
    );
    let text = with_steps(
        "domain: a\nverified: false\nmetadata: {domain: b, verified: true}\n",
        STEP,
    );
    let playbook = loaded(&text);
    assert_eq!(
        (playbook.domain.as_deref(), playbook.verified),
        (Some("a"), Some(false))
    );
}

#[test]
fn every_parameter_type_has_its_word() {
    for kind in ParameterKind::ALL {
        let top = format!("parameters:\n- {{name: p, type: {kind}, required: no}}\n");
        let playbook = loaded(&with_steps(&top, STEP));
        assert_eq!(playbook.parameters[0].kind, *kind);
        assert!(!playbook.parameters[0].required);
        assert_eq!(kind.as_str(), kind.to_string());
    }
    let top = "parameters:\n- {name: a, type: secret}\n- {name: b, type: credential}\n- {name: c, type: file}\n";
    let playbook = loaded(&with_steps(top, STEP));
    assert_eq!(playbook.secret_parameters().collect::<Vec<_>>(), ["a"]);
    assert_eq!(playbook.credential_parameters().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_deep_or_a_big_text_is_refused_and_does_no_harm() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep).is_err());
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for level in 'b'..='k' {
        let before = char::from(level as u8 - 1);
        bomb.push_str(&format!(
            "{level}: &{level} [{}]\n",
            vec![format!("*{before}"); 9].join(", ")
        ));
    }
    assert!(parse(&bomb).is_err());
}

#[test]
fn a_step_that_waits_for_people_has_as_long_as_they_need() {
    let steps = "- {id: a, name: A, type: approval}\n- {id: g, name: G, type: gate, timeout: 60}\n\
                 - {id: h, name: H, type: gate}\n";
    let playbook = loaded(&with_steps("", steps));
    let timeouts = playbook.steps.iter();
    let timeouts: Vec<(f64, bool)> = timeouts
        .map(|step| (step.timeout_s, step.timeout_given))
        .collect();
    let ten_years = 315_360_000.0;
    assert_eq!(
        timeouts,
        [(ten_years, false), (60.0, true), (ten_years, false)]
    );
}

#[test]
fn all_problems_of_a_text_are_said_together() {
    let text = with_steps(
        "",
        "- {id: a, name: A, type: utility.log, colour: 1, parameters: {message: '{{ step.b.x }}'}}\n",
    );
    let said = lines(&playbook::problems(&text));
    assert!(
        said.contains("warning: step `a`: `colour` is not known"),
        "{said}"
    );
    assert!(
        said.contains("`step.b.x` refers to a step that does not exist"),
        "{said}"
    );
    assert_eq!(lines(&parse(&text).unwrap().problems()), said);
    assert_eq!(
        lines(&playbook::problems("name: A\nversion: 1\n")),
        lines(&parse("name: A\nversion: 1\n").unwrap_err())
    );
}

#[test]
fn a_slash_parts_the_path_of_what_is_inside() {
    let refused = "the id of a step that holds others must not contain `/`";
    for step in [
        "- {id: a/b, name: A, steps: [{id: c, name: C, type: utility.sleep}]}\n",
        "- {id: a/b, name: A, type: playbook.run, parameters: {playbook: x}}\n",
        "- {id: a/b, name: A, type: utility.sleep, for_each: [1]}\n",
    ] {
        let problems = parse(&with_steps("", step)).unwrap_err();
        assert_eq!(
            lines(&problems),
            format!("4:3: error: step `a/b`: {refused}")
        );
    }
    loaded(&with_steps(
        "",
        "- {id: a/b, name: A, type: utility.sleep}\n",
    ));
}

#[test]
fn of_two_parameters_with_one_name_the_last_counts() {
    let top = "parameters:\n- {name: p, type: string}\n- {name: q, type: string}\n- {name: p, type: integer}\n";
    let loaded = parse(&with_steps(top, STEP)).unwrap();
    let parameters = loaded.playbook.parameters.iter();
    let parameters: Vec<_> = parameters.map(|p| (p.name.as_str(), p.kind)).collect();
    let expected = [("q", ParameterKind::String), ("p", ParameterKind::Integer)];
    assert_eq!(parameters, expected);
    assert_eq!(
        lines(&loaded.warnings),
        "6:3: warning: parameter `p` stands twice; the last one counts"
    );
}
