//! What steps that start runs must say, and the files of the library that steps name.

use playbook::{NamedFile, Playbook, Position, beside, check};

use super::{loaded, with_steps};

/// A playbook with these steps, and a parameter for their templates.
fn playbook(steps: &str) -> Playbook {
    loaded(&with_steps(
        "parameters: [{name: p, type: string}]\n",
        steps,
    ))
}

/// What is said of a step of a type with these parameters.
fn said(kind: &str, parameters: &str) -> Vec<String> {
    let step = format!("- {{id: a, name: A, type: {kind}, parameters: {parameters}}}\n");
    let problems = check(&playbook(&step)).into_iter();
    problems
        .map(|problem| {
            assert!(problem.is_error(), "{problem}");
            assert_eq!(problem.line, Some(5));
            problem
                .message
                .strip_prefix("step `a`: ")
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[track_caller]
fn sound(kind: &str, parameters: &str) {
    assert_eq!(
        said(kind, parameters),
        Vec::<String>::new(),
        "{kind} {parameters}"
    );
}

#[track_caller]
fn refused(kind: &str, parameters: &str, expected: &[&str]) {
    assert_eq!(said(kind, parameters), expected, "{kind} {parameters}");
}

#[test]
fn a_job_has_one_program() {
    sound("job.run", "{program: bin/x}");
    sound("job.run", "{url: 'https://example.org/x', sha256: ab}");
    sound("job.run", "{url: '{{ p }}', sha256: '{{ p }}'}");
    sound("job.run", "{program: bin/x, url: null}");
    let none = "a job needs a `program` of the library, or a `url` and its `sha256`";
    refused("job.run", "{}", &[none]);
    refused("job.run", "{program: null, sha256: ab}", &[none]);
    let both = "a job has either a `program` or a `url`, not both";
    refused("job.run", "{program: x, url: y}", &[both]);
    refused("job.run", "{program: x, url: y, sha256: ab}", &[both]);
    let unpinned = "`url` needs the program's `sha256`";
    refused("job.run", "{url: y}", &[unpinned]);
    refused("job.run", "{url: y, sha256: null}", &[unpinned]);
    let computed =
        "`program` must be a path without templates: the file is pinned when an execution starts";
    refused("job.run", "{program: 'bin/{{ p }}'}", &[computed]);
    refused("job.run", "{program: 5}", &[computed]);
}

#[test]
fn files_beside_a_job_are_pinned_too() {
    sound(
        "job.run",
        "{program: x, files: {a: '{{ p }}', b: {file: lib/b}, c: {url: '{{ p }}', sha256: ab}}}",
    );
    let of = |name: &str| {
        format!(
            "the file `{name}` must have a path without templates: it is pinned when an execution starts"
        )
    };
    refused(
        "job.run",
        "{program: x, files: {a: {file: '{{ p }}'}, b: {file: lib/b}, c: {file: 'x/{{ p }}'}}}",
        &[&of("a"), &of("c")],
    );
}

#[test]
fn a_playground_is_made_from_a_playspec_or_a_file() {
    sound("playground.create", "{playspec: 1}");
    sound("playground.create", "{compose: stack/compose.yml}");
    sound("playground.create", "{playspec: '{{ p }}', compose: null}");
    let none = "a playground needs a `playspec`, or a `compose` file of the library";
    refused("playground.create", "{}", &[none]);
    refused(
        "playground.create",
        "{playspec: null, compose: null}",
        &[none],
    );
    let computed =
        "`compose` must be a path without templates: the file is pinned when an execution starts";
    refused("playground.create", "{compose: '{{ p }}'}", &[computed]);
    refused(
        "playground.create",
        "{playspec: 1, compose: '{{ p }}'}",
        &[computed],
    );
}

#[test]
fn a_step_about_a_playground_names_it() {
    let unnamed = "it needs a `playground`: its id or its name";
    for kind in ["playground.wait", "playground.rollout"] {
        sound(kind, "{playground: 7}");
        sound(kind, "{playground: '{{ p }}'}");
        refused(kind, "{}", &[unnamed]);
        refused(kind, "{playground: {id: 7}}", &[unnamed]);
    }
    // Another word for it.
    sound("playground.wait", "{env: name}");
    sound("playground.exec", "{playground: x, command: [ls]}");
    sound("playground.exec", "{playground: x, script: ls}");
    let either = "it needs either a `command` or a `script`";
    refused("playground.exec", "{playground: x}", &[either]);
    refused(
        "playground.exec",
        "{playground: x, command: [ls], script: ls}",
        &[either],
    );
    refused("playground.exec", "{command: [ls]}", &[unnamed]);
}

#[test]
fn every_condition_of_a_gate_compares_something() {
    for limit in ["min", "max", "equals", "max_change"] {
        sound(
            "gate",
            &format!("{{conditions: [{{value: 1, {limit}: 2}}]}}"),
        );
    }
    sound("gate", "{conditions: '{{ p }}'}");
    sound("gate", "{conditions: ['{{ p }}']}");
    refused(
        "gate",
        "{conditions: [{value: 1, min: 0}, {value: 1}, {max: 3}, {}]}",
        &[
            "condition 2 has none of `min`, `max`, `equals`, `max_change`",
            "condition 3 has no `value`",
            "condition 4 has no `value`",
            "condition 4 has none of `min`, `max`, `equals`, `max_change`",
        ],
    );
}

#[test]
fn the_files_that_steps_name_are_listed() {
    let playbook = playbook(
        "- {id: b, name: B, type: job.run, parameters: {program: bin/z, files: \
         {one: {file: lib/a}, two: {file: '{{ p }}'}, three: {url: u}, four: text}}}\n\
         - {id: a, name: A, steps: [{id: made, name: M, type: playground.create, parameters: {compose: c.yml}}]}\n\
         - {id: again, name: A, type: job.run, parameters: {program: bin/z, files: {one: {file: bin/z}}}}\n\
         - {id: other, name: O, type: utility.log, parameters: {program: none}}\n\
         - {id: computed, name: C, type: job.run, parameters: {program: '{{ p }}'}}\n",
    );
    let found = playbook.files();
    let shown: Vec<String> = found
        .iter()
        .map(|file| format!("{} {}", file.step, file.path))
        .collect();
    assert_eq!(shown, ["again bin/z", "b bin/z", "b lib/a", "made c.yml"]);
    assert_eq!(found[0].at.line, 7);
}

#[test]
fn a_file_stands_beside_its_playbook() {
    assert_eq!(beside("root.yaml", "bin/x"), "bin/x");
    assert_eq!(beside("a/b/root.yaml", "bin/x"), "a/b/bin/x");
    let file = NamedFile {
        path: "bin/x".to_owned(),
        step: "a".to_owned(),
        at: Position { line: 3, column: 5 },
    };
    assert_eq!(
        file.missing().to_string(),
        "3:5: error: step `a`: the file `bin/x` does not exist"
    );
}
