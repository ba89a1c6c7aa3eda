//! What `check` and `check_bundle` say of playbooks that load.

use std::{collections::BTreeMap, sync::Arc};

use insta::assert_snapshot;
use playbook::{Bundle, check, check_bundle};

use super::{lines, loaded, with_steps};

#[test]
fn references_that_lead_nowhere() {
    assert_snapshot!(lines(&check(&loaded(include_str!(
        "fixtures/references.yaml"
    )))));
}

#[test]
fn a_sound_playbook_has_no_problems() {
    let playbook = loaded(include_str!("fixtures/sound.yaml"));
    assert_eq!(lines(&check(&playbook)), "");
}

#[test]
fn a_script_may_set_any_variable() {
    let log = "- {id: b, name: B, type: utility.log, parameters: {message: '{{ variable.x }}'}}\n";
    let script = "- {id: a, name: A, type: utility.python, parameters: {script: 'set_variable(\"x\", 1)'}}\n";
    let named =
        "- {id: a, name: A, type: utility.set_variable, parameters: {name: '{{ n }}', value: 1}}\n";
    let other =
        "- {id: a, name: A, type: utility.set_variable, parameters: {name: xx, value: 1}}\n";
    let said = |steps: &str| {
        lines(&check(&loaded(&with_steps(
            "parameters: [{name: n, type: string}]\n",
            steps,
        ))))
    };
    assert_eq!(said(&format!("{script}{log}")), "");
    assert_eq!(said(&format!("{named}{log}")), "");
    assert_eq!(
        said(&format!("{other}{log}")),
        "6:3: warning: step `b`: `variable.x`: no step sets the variable `x` (did you mean `xx`?)"
    );
}

fn bundle(playbooks: &[(&str, &str)]) -> Bundle {
    let playbooks = playbooks.iter().map(|(path, steps)| {
        let playbook = loaded(&with_steps(
            "parameters: [{name: p, type: string}]\n",
            steps,
        ));
        ((*path).to_owned(), Arc::new(playbook))
    });
    Bundle {
        root: "root.yaml".to_owned(),
        playbooks: playbooks.collect::<BTreeMap<_, _>>(),
    }
}

fn said(bundle: &Bundle) -> String {
    check_bundle(bundle)
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

fn run(id: &str, path: &str) -> String {
    format!("- {{id: {id}, name: N, type: playbook.run, parameters: {{playbook: {path}, p: x}}}}\n")
}

const LEAF: &str = "- {id: z, name: Z, type: utility.sleep}\n";

#[test]
fn a_bundle_that_holds_together() {
    let inside = format!("- id: g\n  name: G\n  steps:\n  {}", run("c", "a\\b.yaml"));
    let steps = format!(
        "{}{}{inside}",
        run("a", "./a/b.yaml"),
        run("b", "'{{ p }}'")
    );
    let bundle = bundle(&[("root.yaml", &steps), ("a/b.yaml", LEAF)]);
    assert_eq!(said(&bundle), "");
    assert_eq!(bundle.playbooks["root.yaml"].runs(), ["a/b.yaml"]);
}

#[test]
fn what_is_missing_in_a_bundle() {
    let steps = format!(
        "{}- {{id: b, name: N, type: playbook.run, parameters: {{playbook: c.yaml, q: 1}}}}\n",
        run("a", "b.yaml")
    );
    let bundle = bundle(&[("root.yaml", &steps), ("c.yaml", LEAF)]);
    assert_eq!(
        said(&bundle),
        "root.yaml:5:3: error: step `a`: playbook `b.yaml` does not exist (did you mean `c.yaml`?)\n\
         root.yaml:6:3: warning: step `b`: `c.yaml` has no parameter `q` (did you mean `p`?)\n\
         root.yaml:6:3: warning: step `b`: `c.yaml` needs the parameter `p`"
    );
    assert_eq!(
        said(&Bundle {
            root: "x".to_owned(),
            ..bundle
        }),
        "x:error: this playbook does not exist"
    );
}

#[test]
fn circles_are_errors() {
    let bundle = bundle(&[
        ("root.yaml", &run("a", "b.yaml")),
        ("b.yaml", &format!("{LEAF}{}", run("c", "c.yaml"))),
        ("c.yaml", &run("d", "b.yaml")),
    ]);
    assert_eq!(
        said(&bundle),
        "c.yaml:5:3: error: step `d`: `b.yaml` runs `c.yaml` runs `b.yaml`: a playbook cannot run itself"
    );
}

#[test]
fn eight_levels_are_allowed() {
    let chain = |levels: usize| {
        let mut playbooks = vec![("root.yaml".to_owned(), run("a", "p1"))];
        for level in 1..levels {
            playbooks.push((format!("p{level}"), run("a", &format!("p{}", level + 1))));
        }
        playbooks.push((format!("p{levels}"), LEAF.to_owned()));
        let playbooks: Vec<(&str, &str)> = playbooks
            .iter()
            .map(|(path, steps)| (path.as_str(), steps.as_str()))
            .collect();
        said(&bundle(&playbooks))
    };
    assert_eq!(chain(8), "");
    assert_eq!(
        chain(9),
        "p8:5:3: error: step `a`: playbooks run each other more than 8 levels deep"
    );
}

#[test]
fn many_paths_to_one_playbook_take_no_time() {
    // Twenty levels of two would be a million paths; the limit is eight, each looked at once a depth.
    let twice = |path: &str| format!("{}{}", run("a", path), run("b", path));
    let playbooks: Vec<(String, String)> = (0..8)
        .map(|level| {
            (
                if level == 0 {
                    "root.yaml".to_owned()
                } else {
                    format!("p{level}")
                },
                twice(&format!("p{}", level + 1)),
            )
        })
        .chain([("p8".to_owned(), LEAF.to_owned())])
        .collect();
    let playbooks: Vec<(&str, &str)> = playbooks
        .iter()
        .map(|(path, steps)| (path.as_str(), steps.as_str()))
        .collect();
    assert_eq!(said(&bundle(&playbooks)), "");
}

#[test]
fn a_child_needs_only_what_it_cannot_do_without() {
    let child = loaded(&with_steps(
        "parameters: [{name: q, type: string, required: false}, {name: r, type: string, default: x}, {name: s, type: string}]\n",
        LEAF,
    ));
    let steps = "- {id: a, name: N, type: playbook.run, parameters: {playbook: c.yaml}}\n";
    let mut bundle = bundle(&[("root.yaml", steps)]);
    bundle
        .playbooks
        .insert("c.yaml".to_owned(), Arc::new(child));
    assert_eq!(
        said(&bundle),
        "root.yaml:5:3: warning: step `a`: `c.yaml` needs the parameter `s`"
    );
}

#[test]
fn only_short_paths_are_guessed() {
    let hint = |letters: usize| {
        let (known, wanted) = ("b".repeat(letters), format!("{}a", "b".repeat(letters - 1)));
        let bundle = bundle(&[("root.yaml", &run("a", &wanted)), (&known, LEAF)]);
        said(&bundle).contains("did you mean")
    };
    assert!(hint(64) && !hint(65) && !hint(66));
}

#[test]
fn a_single_name_is_a_parameter_and_no_root() {
    let said = |message: &str| {
        let step = format!(
            "- {{id: a, name: A, type: utility.log, parameters: {{message: '{message}'}}}}\n"
        );
        lines(&check(&loaded(&with_steps("", &step))))
    };
    let undeclared = "4:3: warning: step `a`: `parametr`: the parameter `parametr` is not declared";
    assert_eq!(said("{{ parametr }}"), undeclared);
    assert_eq!(said("{{ parametr | upper }}"), undeclared);
    assert!(said("{{ parametr.x }}").ends_with("(did you mean `parameter`?)"));
    let undeclared =
        "4:3: warning: step `a`: `parameter.nope`: the parameter `nope` is not declared";
    assert_eq!(said("{{ parameter.nope }}"), undeclared);
}

#[test]
fn a_rollback_sees_its_step_and_those_before_it() {
    let log = |id: &str, message: &str| {
        format!("{{id: {id}, name: N, type: utility.log, parameters: {{message: '{message}'}}}}")
    };
    let steps = format!(
        "- {}\n- {{id: b, name: B, type: utility.sleep, rollback: [{}, {}]}}\n- {}\n",
        log("a", "x"),
        log("u", "{{ step.a.logged }} {{ step.b.slept }}"),
        log("v", "{{ step.u.logged }} {{ step.c.logged }}"),
        log("c", "{{ step.u.logged }}")
    );
    let problems = check(&loaded(&with_steps("", &steps)));
    let said: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "step `v`: `step.c.logged` refers to a step that comes later",
            "step `c`: `step.u.logged` refers to a step that is inside of another one, or has not ended by then",
        ]
    );
}
