//! Sequences, conditions, failures, retries, loops, parallels, rollbacks, `finally`, outputs.

use insta::assert_snapshot;
use playbook::{ExecutionOutcome, PartStage, StepKey, StepOutcome};
use serde_json::json;

use super::runner::{Runner, alone};
use crate::{loaded, with_steps};

/// Runs steps to their end and says all that happened.
fn told(top: &str, steps: &str) -> String {
    Runner::of(&with_steps(top, steps)).run().told()
}

/// A step that does what its message says.
fn step(id: &str, message: &str, more: &str) -> String {
    format!(
        "- {{id: {id}, name: {id}, type: utility.log, parameters: {{message: '{message}'}}{more}}}\n"
    )
}

fn key(path: &str, name: &str) -> StepKey {
    StepKey {
        path: path.to_owned(),
        name: name.to_owned(),
    }
}

#[test]
fn steps_follow_each_other() {
    let steps = format!(
        "{}{}",
        step("a", "x", ""),
        step("b", "{{ step.a.value }}y", "")
    );
    assert_snapshot!(told(
        "outputs: {all: '{{ step.b.value }}', sum: '{{ step.b.value | length }}'}\n",
        &steps
    ));
}

#[test]
fn a_failure_aborts_and_finally_runs() {
    let steps = format!("{}{}", step("a", "fail", ""), step("b", "x", ""));
    let top = "finally:\n".to_owned() + &step("f", "{{ status.a }}", "") + &step("g", "y", "");
    assert_snapshot!(told(&top, &steps));
}

#[test]
fn a_failure_that_is_passed_over_is_counted() {
    let steps = [
        step("a", "fail", ", on_failure: continue"),
        step("b", "{{ status.a }}", ""),
        step("c", "fail", ", on_failure: continue"),
    ];
    let run = Runner::of(&with_steps("", &steps.concat())).run();
    assert_snapshot!(run.told());
    assert!(matches!(run.outcome(), ExecutionOutcome::Completed { .. }));
    assert_eq!(run.progress.failures(), 2);
}

#[test]
fn conditions_skip_steps() {
    let steps = [
        step("a", "x", ", when: 'false'"),
        step("b", "y", ", when: \"status.a == 'skipped'\""),
        step("c", "z", ", when: step.a.value is defined"),
        step("d", "z", ", when: nope > 3, on_failure: continue"),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn a_step_without_output_says_so() {
    let steps = [
        step("a", "x", ", when: 'false'"),
        step("b", "{{ step.a.value }}", ", on_failure: continue"),
        step("c", "fail", ", on_failure: continue"),
        step("d", "{{ step.c.value }}", ""),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn a_step_is_tried_again_with_longer_pauses() {
    let retry = ", retry: {count: 4, delay: 2, backoff: 3, max_delay: 10}";
    let mut run = Runner::of(&with_steps("", &step("a", "fail 3", retry)));
    let mut pauses = Vec::new();
    while run.progress.outcome().is_none() {
        for ready in run.begin() {
            pauses.push((ready.tries, ready.delay_s));
        }
        run.end_first();
        run.begin();
        if let Some((_, key)) = run.running.first() {
            let part = run.rows.values().find(|part| part.key == *key).unwrap();
            assert_eq!(part.stage, PartStage::Started);
        }
        if run.progress.outcome().is_some() {
            break;
        }
    }
    assert_snapshot!(run.told());
    assert_eq!(pauses[0], (1, 0.0));
}

#[test]
fn pauses_between_tries() {
    let retry = ", retry: {count: 4, delay: 2, backoff: 3, max_delay: 10}";
    let mut run = Runner::of(&with_steps("", &step("a", "fail", retry)));
    let mut pauses = Vec::new();
    for _ in 0..5 {
        let ready = run.progress.ready();
        assert_eq!(ready.len(), 1);
        assert!(!ready[0].needs_operator && !ready[0].composite);
        pauses.push((ready[0].tries, ready[0].delay_s));
        run.progress.begun(&ready[0].key);
        run.write();
        run.end_first();
    }
    assert_eq!(pauses, [(1, 0.0), (2, 2.0), (3, 6.0), (4, 10.0), (5, 10.0)]);
    run.begin();
    assert!(
        matches!(run.outcome(), ExecutionOutcome::Failed { error, .. } if error == "Step 'a' failed: boom 5")
    );
}

#[test]
fn the_last_try_is_the_last() {
    let mut run = Runner::of(&with_steps("", &step("a", "x", ", retry_count: 5")));
    run.begin();
    run.progress
        .ended(&key("", "a"), StepOutcome::failed("for good").last());
    run.begin();
    assert_snapshot!(run.told());
}

#[test]
fn a_skip_ends_what_waits_for_its_next_try() {
    let steps = format!(
        "{}{}",
        step("a", "fail", ", retry_count: 5"),
        step("b", "x", "")
    );
    let mut run = Runner::of(&with_steps("", &steps));
    run.begin();
    run.end_first();
    let ready = run.progress.ready();
    run.progress.ended(
        &ready[0].key,
        StepOutcome::skipped("an operator skipped it"),
    );
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_loop_over_one_step() {
    let steps = step(
        "each",
        "{{ index }}{{ item }}{{ host }}",
        ", for_each: {items: [x, y], as: host}, register: r",
    ) + &step(
        "b",
        "{{ step.each.results.1.value }} {{ variable.r.count }} {{ step.each.failed }}",
        "",
    );
    assert_snapshot!(told("", &steps));
}

#[test]
fn a_loop_over_a_group_with_inner_references() {
    let steps = "- id: each\n  name: N\n  for_each: {a: 1, b: 2}\n  steps:\n  "
        .replace("{a: 1, b: 2}", "{items: {a: 1, b: 2}}")
        + &step("one", "{{ item.key }}", "")
        + "  "
        + &step("two", "{{ step.one.value }}{{ item.value }}", "")
        + &step("after", "{{ step.each.results.1.two.value }}", "");
    assert_snapshot!(told("", &steps));
}

#[test]
fn a_loop_with_a_condition() {
    let steps = [
        step(
            "some",
            "{{ item }}",
            ", for_each: [1, 2, 3], when: item is odd",
        ),
        step(
            "none",
            "{{ item }}",
            ", for_each: '{{ nope }}', when: 'false'",
        ),
        step(
            "all",
            "{{ item }}",
            ", for_each: [1], when: \"status.some == 'completed'\"",
        ),
        step("results", "{{ step.some.results }}", ""),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn a_loop_that_has_nothing_to_do_or_no_list() {
    let steps = [
        step("none", "x", ", for_each: []"),
        step(
            "text",
            "x",
            ", for_each: '{{ step.none.count }}', on_failure: continue",
        ),
        step("nope", "x", ", for_each: '{{ nope }}'"),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn a_loop_stops_at_the_first_failure_unless_it_is_to_go_on() {
    let items = "[x, fail, y, fail, z]";
    let steps = [
        step(
            "go",
            "{{ item }}",
            &format!(", for_each: {items}, on_failure: continue"),
        ),
        step("seen", "{{ step.go.failed }}", ""),
        step("stop", "{{ item }}", &format!(", for_each: {items}")),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn a_loop_begins_as_many_as_it_may() {
    let steps = step(
        "each",
        "{{ item }}",
        ", for_each: {items: [a, b, c, d, e], concurrency: 2}",
    );
    let mut run = Runner::of(&with_steps("", &steps));
    run.begin();
    let running = |run: &Runner| {
        run.running
            .iter()
            .map(|(_, key)| key.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(running(&run), "each/0 each/1");
    run.end(&key("each", "1"));
    run.begin();
    assert_eq!(running(&run), "each/0 each/2");
    run.end(&key("each", "0"));
    run.end(&key("each", "2"));
    run.begin();
    assert_eq!(running(&run), "each/3 each/4");
    run.finish();
    assert!(matches!(run.outcome(), ExecutionOutcome::Completed { .. }));
    assert_eq!(run.progress.failures(), 0);
}

#[test]
fn iterations_are_tried_again_and_the_loop_is_not() {
    assert_snapshot!(told(
        "",
        &step(
            "each",
            "{{ item }}",
            ", for_each: ['fail 1', fail], retry_count: 1"
        )
    ));
}

#[test]
fn a_parallel_begins_all_and_waits_for_all() {
    let steps = "- id: both\n  name: N\n  parallel:\n  ".to_owned()
        + &step("l", "x", "")
        + "  "
        + &step("m", "fail", "")
        + "  "
        + &step("r", "y", ", when: 'false'")
        + &step("after", "z", "");
    let mut run = Runner::of(&with_steps("", &steps));
    run.begin();
    assert_eq!(run.running.len(), 2);
    run.end(&key("both", "m"));
    run.begin();
    assert!(run.progress.outcome().is_none());
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn what_fails_inside_may_be_passed_over_outside() {
    let steps = "- id: g\n  name: N\n  on_failure: continue\n  steps:\n  ".to_owned()
        + &step("a", "x", "")
        + "  "
        + &step("b", "fail", "")
        + "  "
        + &step("c", "y", "")
        + &step("after", "{{ step.g.a.value }}", "");
    assert_snapshot!(told("", &steps));
}

#[test]
fn a_group_is_tried_again_as_a_whole() {
    let steps = "- id: g\n  name: N\n  retry_count: 2\n  steps:\n  ".to_owned()
        + &step("a", "x", "")
        + "  "
        + &step("b", "fail", "");
    assert_snapshot!(told("", &steps));
}

#[test]
fn a_rollback_undoes_what_completed_last_first() {
    let undo = |id: &str| {
        format!(
            ", rollback: [{{id: u{id}, name: U, type: utility.log, parameters: {{message: 'undo {{{{ step.{id}.value }}}}'}}}}]"
        )
    };
    let steps = [
        step("a", "x", &undo("a")),
        step(
            "skipped",
            "x",
            &format!(", when: 'false'{}", undo("skipped")),
        ),
        step("c", "y", &undo("c")),
        step(
            "failed",
            "fail",
            &format!(", on_failure: continue{}", undo("failed")),
        ),
        step(
            "each",
            "{{ item }}",
            ", for_each: [1, 2], rollback: [{id: ue, name: U, type: utility.log, parameters: {message: '{{ item }}{{ index }}'}}]",
        ),
        step("d", "fail", ", on_failure: rollback"),
    ];
    let top = "finally:\n".to_owned() + &step("f", "end", "");
    assert_snapshot!(told(&top, &steps.concat()));
}

#[test]
fn a_rollback_goes_on_after_a_failure_of_its_own() {
    let undo = |id: &str, message: &str| {
        format!(
            ", rollback: [{{id: u{id}, name: U, type: utility.log, parameters: {{message: '{message}'}}}}, {{id: v{id}, name: V, type: utility.log}}]"
        )
    };
    let steps = [
        step("a", "x", &undo("a", "y")),
        step("b", "x", &undo("b", "fail")),
        "- id: g\n  name: N\n  steps:\n  ".to_owned()
            + &step("c", "x", &undo("c", "z"))
            + "  "
            + &step("d", "fail", ", on_failure: rollback"),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn no_rollback_when_the_failure_is_passed_over_or_aborts() {
    let undo = ", rollback: [{id: u, name: U, type: utility.log}]";
    let steps = [step("a", "x", undo), step("b", "fail", "")];
    let text = told("", &steps.concat());
    assert!(!text.contains("rollback"), "{text}");
    let inner = "- id: g\n  name: N\n  on_failure: continue\n  steps:\n  ".to_owned()
        + &step("b", "fail", ", on_failure: rollback");
    let text = told("", &(step("a", "x", undo) + &inner));
    assert!(!text.contains("rollback"), "{text}");
}

#[test]
fn finally_goes_on_after_its_own_failures() {
    let top = "finally:\n".to_owned()
        + &step("f", "fail", "")
        + &step("g", "fail", ", on_failure: continue")
        + &step("h", "{{ step.a.value }}", "");
    assert_snapshot!(told(&top, &step("a", "x", "")));
}

#[test]
fn outputs_that_cannot_be_rendered_fail_the_execution() {
    assert_snapshot!(told(
        "outputs: {a: '{{ step.b.value }}'}\n",
        &step("a", "x", "")
    ));
}

#[test]
fn variables_are_set_by_steps() {
    let steps = [
        step("a", "set v", ""),
        step("b", "{{ variable.v }}", ", register: w"),
        step("c", "{{ variable.w.value }}", ""),
        step("d", "fail", ", register: w, on_failure: continue"),
        step("e", "{{ variable.w.value }}", ""),
    ];
    assert_snapshot!(told("", &steps.concat()));
}

#[test]
fn a_step_that_failed_may_give_an_output() {
    let steps = [
        step("a", "x", ", on_failure: continue"),
        step("b", "{{ step.a.code }}", ""),
    ];
    let mut run = Runner::of(&with_steps("", &steps.concat()));
    run.begin();
    run.progress.ended(
        &key("", "a"),
        StepOutcome::failed("no").with_output(json!({"code": 3})),
    );
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_composite_that_takes_too_long_stops_what_is_inside() {
    let steps =
        "- id: each\n  name: N\n  for_each: {items: [1, 2, 3], concurrency: 2}\n  steps:\n  "
            .to_owned()
            + &step("a", "x", "")
            + &step("after", "z", "");
    let mut run = Runner::of(&with_steps("", &steps));
    run.begin();
    run.progress
        .ended(&key("", "each"), StepOutcome::failed("it timed out").last());
    run.write();
    assert!(run.running.is_empty());
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn what_is_not_known_changes_nothing() {
    let mut run = Runner::of(&with_steps("", &step("a", "x", "")));
    run.begin();
    run.progress.begun(&key("", "a"));
    run.progress.begun(&key("", "nope"));
    run.progress
        .ended(&key("x", "a"), StepOutcome::completed(json!({})));
    run.progress.ended(
        &key("", "a"),
        StepOutcome {
            stage: PartStage::Started,
            ..StepOutcome::cancelled()
        },
    );
    assert!(run.progress.take_parts().is_empty());
    assert!(run.progress.ready().is_empty());
    run.finish();
    assert!(run.log.contains("completed a"), "{}", run.log);
    run.progress
        .ended(&key("", "a"), StepOutcome::failed("late"));
    assert!(run.progress.take_parts().is_empty());
}

#[test]
fn a_bundle_without_its_root_ends_at_once() {
    let mut bundle = (*alone(loaded(&with_steps("", &step("a", "x", ""))))).clone();
    bundle.root = "nope".to_owned();
    let run = Runner::new(std::sync::Arc::new(bundle), json!({})).run();
    assert!(run.rows.is_empty());
    let error = "playbook `nope` does not exist".to_owned();
    assert_eq!(*run.outcome(), ExecutionOutcome::Failed { error });
}

#[test]
fn a_loop_has_no_limit_and_its_passes_have() {
    let steps = step("each", "x", ", for_each: [1], timeout: 7") + &step("b", "y", "");
    let mut run = Runner::of(&with_steps("", &steps));
    let mut limits: Vec<Option<f64>> = Vec::new();
    while run.progress.outcome().is_none() {
        limits.extend(run.begin().iter().map(|ready| ready.timeout_s));
        run.end_first();
    }
    assert_eq!(limits, [None, Some(7.0), Some(300.0)]);
}

#[test]
fn all_failures_of_finally_are_said() {
    let top = "finally:\n".to_owned() + &step("f", "fail", "") + &step("g", "fail", "");
    let run = Runner::of(&with_steps(&top, &step("a", "x", ""))).run();
    let error = "Step 'f' failed: boom 1; Step 'g' failed: boom 1".to_owned();
    assert_eq!(*run.outcome(), ExecutionOutcome::Failed { error });
}
