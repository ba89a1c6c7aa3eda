//! Cancel, the time of `finally`, and going back.

use insta::assert_snapshot;
use playbook::{EditedParameters, ExecutionOutcome, Progress, StepKey, StepOutcome};
use serde_json::json;

use super::runner::{Runner, alone, line};
use crate::with_steps;

const STEPS: &str = "
- {id: a, name: A, type: utility.log, parameters: {message: x}, rollback: [{id: u, name: U, type: utility.log}]}
- id: both
  name: B
  parallel:
  - {id: l, name: L, type: utility.log}
  - id: each
    name: E
    for_each: {items: [1, 2, 3], concurrency: 2}
    steps:
    - {id: in, name: I, type: utility.log}
- {id: z, name: Z, type: utility.log, parameters: {message: fail}, on_failure: rollback}
";

const FINALLY: &str = "
finally:
- {id: f, name: F, type: utility.log, parameters: {message: '{{ status.both }}'}}
- {id: g, name: G, type: utility.log}
";

fn key(path: &str, name: &str) -> StepKey {
    StepKey {
        path: path.to_owned(),
        name: name.to_owned(),
    }
}

/// In the parallel, with three steps running.
fn in_the_middle() -> Runner {
    let mut run = Runner::of(&with_steps(FINALLY, STEPS));
    run.begin();
    run.end_first();
    run.begin();
    assert_eq!(run.running.len(), 3);
    run
}

#[test]
fn a_cancel_stops_all_and_finally_runs() {
    let mut run = in_the_middle();
    run.progress.cancel();
    run.write();
    assert!(run.running.is_empty());
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_cancel_before_anything_began_leaves_only_finally() {
    let mut run = Runner::of(&with_steps(FINALLY, STEPS));
    assert_eq!(run.progress.ready().len(), 1);
    run.progress.cancel();
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_cancel_without_finally_ends_at_once() {
    let mut run = Runner::of(&with_steps("", STEPS));
    run.begin();
    run.progress.cancel();
    assert_eq!(run.progress.outcome(), Some(&ExecutionOutcome::Cancelled));
    run.progress.cancel();
    run.write();
    assert_eq!(run.rows.len(), 1);
}

#[test]
fn a_second_cancel_leaves_finally_alone() {
    let mut run = in_the_middle();
    run.progress.cancel();
    run.begin();
    run.progress.cancel();
    run.write();
    assert_eq!(run.running.len(), 1);
    run.finish();
    assert!(run.log.contains("completed f") && run.log.contains("completed g"));
}

#[test]
fn a_cancel_between_two_tries() {
    let steps =
        "- {id: a, name: A, type: utility.log, parameters: {message: fail}, retry_count: 3}\n";
    let mut run = Runner::of(&with_steps(FINALLY, steps));
    run.begin();
    run.end_first();
    run.progress.cancel();
    run.write();
    assert_eq!(line(&run.rows[&1]), "1 cancelled a");
    run.begin();
    assert_eq!(run.rows.len(), 2);
}

#[test]
fn a_cancel_in_a_rollback() {
    let mut run = in_the_middle();
    while run.rows.values().all(|part| part.key.name != "u") {
        run.end_first();
        run.begin();
    }
    run.progress.cancel();
    run.finish();
    assert!(run.log.contains("cancelled a/rollback/u"), "{}", run.log);
    assert!(matches!(run.outcome(), ExecutionOutcome::Cancelled));
}

#[test]
fn a_cancel_during_finally_of_what_went_well() {
    let steps = "- {id: a, name: A, type: utility.log}\n";
    let top =
        "finally:\n- {id: f, name: F, type: utility.log}\n- {id: g, name: G, type: utility.log}\n";
    let mut run = Runner::of(&with_steps(top, steps));
    run.begin();
    run.end_first();
    run.begin();
    run.progress.cancel();
    run.finish();
    assert_eq!(*run.outcome(), ExecutionOutcome::Cancelled);
    let steps = "- {id: a, name: A, type: utility.log, parameters: {message: fail}}\n";
    let mut run = Runner::of(&with_steps(top, steps));
    run.begin();
    run.end_first();
    run.begin();
    run.progress.cancel();
    run.finish();
    assert!(matches!(run.outcome(), ExecutionOutcome::Failed { .. }));
}

#[test]
fn the_time_of_finally_is_over() {
    let mut run = in_the_middle();
    assert_eq!(run.progress.finally_limits(), []);
    run.progress.cancel();
    run.begin();
    assert_eq!(run.progress.finally_limits(), [(String::new(), 300.0)]);
    run.progress.cancel_finally("");
    run.write();
    assert_snapshot!(run.told());
    assert_eq!(run.progress.finally_limits(), []);
    run.progress.cancel_finally("");
    assert!(run.progress.take_parts().is_empty());
}

#[test]
fn an_execution_that_went_well_fails_when_finally_takes_too_long() {
    let top = "finally_timeout: 7\nfinally:\n- {id: f, name: F, type: utility.log}\n- {id: g, name: G, type: utility.log}\n";
    let mut run = Runner::of(&with_steps(top, "- {id: a, name: A, type: utility.log}\n"));
    run.begin();
    run.end_first();
    run.begin();
    run.progress.cancel_finally("");
    run.write();
    let ExecutionOutcome::Failed { error, .. } = run.outcome() else {
        panic!("{:?}", run.outcome())
    };
    assert_eq!(error, "`finally` took longer than 7 seconds");
}

#[test]
fn the_time_of_finally_is_over_in_its_last_step_or_before_its_first() {
    let top = "finally_timeout: 7\nfinally:\n- {id: f, name: F, type: utility.log}\n";
    let over = |begins: bool| {
        let mut run = Runner::of(&with_steps(top, "- {id: a, name: A, type: utility.log}\n"));
        run.begin();
        // The last step of the playbook has ended, and what comes next is only known when it may begin.
        run.end_first();
        if begins {
            run.begin();
        }
        run.progress.cancel_finally("");
        run.finish();
        run
    };
    let error = "`finally` took longer than 7 seconds".to_owned();
    for begins in [true, false] {
        let run = over(begins);
        assert_eq!(
            *run.outcome(),
            ExecutionOutcome::Failed {
                error: error.clone()
            }
        );
        assert!(!run.log.contains("completed f"), "{}", run.log);
    }
}

#[test]
fn a_runner_may_end_a_step_as_cancelled() {
    let steps = "- {id: a, name: A, type: utility.log}\n- {id: b, name: B, type: utility.log}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    run.progress.ended(&key("", "a"), StepOutcome::cancelled());
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn going_back_to_a_step_of_the_top() {
    let mut run = in_the_middle();
    run.progress.rewind(&key("", "a")).unwrap();
    run.write();
    assert!(run.running.is_empty());
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn retry_of_a_failed_execution_from_its_failed_step() {
    let mut run = Runner::of(&with_steps(FINALLY, STEPS)).run();
    assert!(matches!(run.outcome(), ExecutionOutcome::Failed { .. }));
    run.restart();
    run.begin();
    assert!(matches!(run.outcome(), ExecutionOutcome::Failed { .. }));
    run.progress.rewind(&key("", "z")).unwrap();
    assert_eq!(run.progress.outcome(), None);
    let before = run.log.len();
    run.begin();
    assert_eq!(run.running.len(), 1);
    // The journal alone says that it goes on there.
    run.restart();
    run.begin();
    run.progress
        .ended(&key("", "z"), StepOutcome::completed(json!({})));
    run.finish();
    assert_snapshot!(run.log[before..].to_owned() + &format!("{:?}", run.outcome()));
}

#[test]
fn edited_parameters_hold_from_the_retry_on() {
    let text = "parameters: [{name: items, type: list}, {name: word, type: string}]\n";
    let steps = "- {id: each, name: E, type: utility.log, for_each: '{{ items }}', parameters: {message: '{{ item }}'}}\n\
                 - {id: z, name: Z, type: utility.log, parameters: {message: '{{ word }}'}}\n";
    let before = json!({"items": [1, 2], "word": "fail"});
    let bundle = alone(crate::loaded(&with_steps(text, steps)));
    let mut run = Runner::new(bundle.clone(), before).run();
    assert!(matches!(run.outcome(), ExecutionOutcome::Failed { .. }));
    let after = json!({"items": [7, 8, 9], "word": "fine"});
    let edit = EditedParameters {
        after: run.rows.len().try_into().unwrap(),
        parameters: after.as_object().unwrap().clone(),
    };
    // What was done with the old ones stays done, also for an executor that goes on after the retry has begun.
    let restored = |run: &mut Runner| {
        run.progress = Progress::new(bundle.clone(), run.parameters.clone());
        let rows = run.rows.values().cloned().collect();
        run.progress
            .restore_edited(rows, vec![edit.clone()])
            .unwrap();
    };
    restored(&mut run);
    run.progress.rewind(&key("", "z")).unwrap();
    let begun: Vec<_> = run.begin().into_iter().map(|step| step.key).collect();
    assert_eq!(begun, [key("", "z")]);
    restored(&mut run);
    run.finish();
    assert!(matches!(run.outcome(), ExecutionOutcome::Completed { .. }));
    let last = run.rows.values().next_back().map(line).unwrap();
    assert!(
        last.ends_with("completed z output {\"value\":\"fine\"}"),
        "{last}"
    );
}

#[test]
fn edited_parameters_are_not_those_of_what_began_before() {
    let text = "parameters: [{name: items, type: list}]\n";
    let steps = "- {id: each, name: E, type: utility.log, for_each: '{{ items }}'}\n";
    let bundle = alone(crate::loaded(&with_steps(text, steps)));
    // Only the loop has begun, or its first pass too.
    for begun in 1..=2 {
        let mut run = Runner::new(bundle.clone(), json!({"items": [1, 2]}));
        for _ in 0..begun {
            let ready = run.progress.ready();
            assert_eq!(ready.len(), 1);
            run.progress.begun(&ready[0].key);
        }
        run.write();
        let edit = EditedParameters {
            after: begun,
            parameters: json!({"items": [7, 8, 9]}).as_object().unwrap().clone(),
        };
        run.progress = Progress::new(bundle.clone(), run.parameters.clone());
        let rows = run.rows.values().cloned().collect();
        run.progress.restore_edited(rows, vec![edit]).unwrap();
        run.finish();
        let passes = run.log.matches("completed each/").count();
        assert_eq!(passes, 2, "{}", run.log);
    }
}

#[test]
fn failures_of_what_is_done_again_are_forgotten() {
    let fails = |id: &str| {
        format!(
            "{{id: {id}, name: N, type: utility.log, on_failure: continue, parameters: {{message: fail}}}}"
        )
    };
    let steps = format!(
        "- {}\n- {{id: g, name: G, steps: [{}, {{id: inner, name: I, steps: [{}]}}]}}\n- {}\n- {{id: z, name: Z, type: utility.log}}\n",
        fails("early"),
        fails("x"),
        fails("y"),
        fails("late")
    );
    let mut run = Runner::of(&with_steps("", &steps));
    for _ in 0..4 {
        run.begin();
        run.end_first();
    }
    run.begin();
    assert_eq!(run.progress.failures(), 4);
    run.progress.rewind(&key("", "late")).unwrap();
    assert_eq!(run.progress.failures(), 3);
    run.progress.rewind(&key("", "g")).unwrap();
    assert_eq!(run.progress.failures(), 1);
    run.finish();
    assert_eq!(run.progress.failures(), 4);
}

#[test]
fn retry_from_inside_does_the_whole_again() {
    let mut run = Runner::of(&with_steps("", STEPS)).run();
    run.progress.rewind(&key("both/each/1", "in")).unwrap();
    run.write();
    let before = run.log.len();
    run.begin();
    assert!(
        run.log[before..].contains("started both\n"),
        "{}",
        &run.log[before..]
    );
    assert!(!run.log[before..].contains("started a\n"));
    // Also while what it is inside of goes on.
    for inside in [key("both", "l"), key("both/each", "0")] {
        let mut run = in_the_middle();
        run.progress.rewind(&inside).unwrap();
        run.begin();
        assert_eq!(run.log.matches("started both\n").count(), 2, "{}", run.log);
    }
    let mut run = Runner::of(&with_steps("", STEPS));
    run.begin();
    let error = run.progress.rewind(&key("", "z")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the execution has no step `z`, or has not come so far"
    );
    assert!(run.progress.rewind(&key("", "nope")).is_err());
    assert!(run.progress.rewind(&key("nope/x", "y")).is_err());
}

#[test]
fn going_back_within_a_group_forgets_what_came_after() {
    let steps = "- id: g\n  name: G\n  steps:\n  - {id: a, name: A, type: utility.log, parameters: {message: x}}\n  \
                 - {id: b, name: B, type: utility.log, on_failure: continue, parameters: {message: fail}}\n  \
                 - {id: c, name: C, type: utility.log, parameters: {message: '{{ step.b.value | default(1) }}'}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    run.end_first();
    run.begin();
    run.end_first();
    run.begin();
    run.progress.rewind(&key("g", "a")).unwrap();
    run.write();
    run.begin();
    run.end_first();
    run.begin();
    run.progress
        .ended(&key("g", "b"), StepOutcome::completed(json!({"value": 5})));
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn what_is_done_again_is_undone_once() {
    let step = |id: &str| {
        format!(
            "- {{id: {id}, name: N, type: utility.log, rollback: [{{id: u{id}, name: U, type: utility.log}}]}}\n"
        )
    };
    let last = "- {id: z, name: Z, type: utility.log, parameters: {message: fail}, on_failure: rollback}\n";
    let mut run = Runner::of(&with_steps(
        "",
        &format!("{}{}{last}", step("a"), step("b")),
    ));
    for _ in 0..2 {
        run.begin();
        run.end_first();
    }
    run.begin();
    run.progress.rewind(&key("", "b")).unwrap();
    run.finish();
    for undone in ["completed a/rollback/ua", "completed b/rollback/ub"] {
        assert_eq!(run.log.matches(undone).count(), 1, "{}", run.log);
    }
}

#[test]
fn going_back_leaves_the_next_try_of_another_step() {
    let fails_once = |id: &str| {
        format!(
            "{{id: {id}, name: N, type: utility.log, parameters: {{message: fail 1}}, retry_count: 1}}"
        )
    };
    let steps = format!(
        "- {{id: both, name: B, parallel: [{{id: g, name: G, steps: [{}]}}, {}]}}\n",
        fails_once("a"),
        fails_once("b")
    );
    let mut run = Runner::of(&with_steps("", &steps));
    run.begin();
    // Both wait for their next try.
    run.end(&key("both", "b"));
    run.end(&key("both/g", "a"));
    run.progress.rewind(&key("both/g", "a")).unwrap();
    run.finish();
    assert!(
        matches!(run.outcome(), ExecutionOutcome::Completed { .. }),
        "{}",
        run.told()
    );
}

#[test]
fn what_is_only_ready_leaves_no_trace() {
    let mut run = Runner::of(&with_steps("", STEPS));
    run.begin();
    run.end_first();
    assert_eq!(run.progress.ready().len(), 1);
    run.progress.rewind(&key("", "a")).unwrap();
    assert!(run.progress.take_parts().is_empty());
}
