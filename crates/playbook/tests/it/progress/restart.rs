//! An execution goes on from its journal.

use insta::assert_snapshot;
use playbook::{ExecutionOutcome, JournalPart, PartStage, Progress, StepKey, StepOutcome};
use serde_json::json;

use super::runner::{Runner, alone};
use crate::{loaded, with_steps};

fn key(path: &str, name: &str) -> StepKey {
    StepKey {
        path: path.to_owned(),
        name: name.to_owned(),
    }
}

#[test]
fn what_ended_is_not_done_again_and_what_ran_begins_again() {
    let steps = "- {id: a, name: A, type: utility.log, parameters: {message: set v}}\n\
                 - {id: b, name: B, type: utility.log, register: w, parameters: {message: '{{ variable.v }}'}}\n\
                 - {id: c, name: C, type: utility.log, parameters: {message: '{{ variable.w.value }}{{ step.b.value }}'}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    for _ in 0..3 {
        run.begin();
        run.restart();
        let ready = run.begin();
        assert!(!ready[0].needs_operator);
        run.end_first();
        run.restart();
    }
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_step_that_must_not_begin_again_waits_for_an_operator() {
    let steps = "- {id: a, name: A, type: utility.log, idempotent: false, retry_count: 3}\n- {id: b, name: B, type: utility.log}\n";
    let begun = || {
        let mut run = Runner::of(&with_steps("", steps));
        run.begin();
        run.restart();
        let ready = run.progress.ready();
        assert!(ready[0].needs_operator);
        run
    };
    let mut run = begun();
    run.progress.begun(&key("", "a"));
    run.finish();
    assert!(matches!(run.outcome(), ExecutionOutcome::Completed { .. }));
    let mut run = begun();
    run.progress.ended(
        &key("", "a"),
        StepOutcome::skipped("an operator skipped it"),
    );
    run.finish();
    assert!(matches!(run.outcome(), ExecutionOutcome::Completed { .. }));
    let mut run = begun();
    run.progress.ended(
        &key("", "a"),
        StepOutcome::failed("an operator failed it").last(),
    );
    run.finish();
    assert!(matches!(run.outcome(), ExecutionOutcome::Failed { .. }));
    // Before its end, it never waits.
    let mut run = Runner::of(&with_steps("", steps));
    assert!(!run.progress.ready()[0].needs_operator);
    run.restart();
    assert!(!run.progress.ready()[0].needs_operator);
}

#[test]
fn tries_go_on_where_they_were() {
    let steps =
        "- {id: a, name: A, type: utility.log, retry_count: 2, parameters: {message: fail}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    run.end_first();
    run.begin();
    run.restart();
    assert_eq!(run.progress.ready()[0].tries, 2);
    run.restart();
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_group_in_its_second_try_does_not_take_over_from_the_first() {
    let steps = "- id: p\n  name: P\n  retry_count: 1\n  parallel:\n  - {id: a, name: A, type: utility.log}\n  - {id: b, name: B, type: utility.log, parameters: {message: fail 1}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    run.end_first();
    run.end_first();
    // The second try begins, and nothing inside of it.
    let ready = run.progress.ready();
    assert_eq!((ready[0].tries, ready[0].composite), (2, true));
    run.progress.begun(&ready[0].key);
    run.write();
    // Nor does it after one more restart.
    run.restart();
    let ready = run.progress.ready();
    run.progress.begun(&ready[0].key);
    run.write();
    run.restart();
    run.begin();
    assert_eq!(run.running.len(), 2, "{}", run.log);
}

#[test]
fn a_cancel_goes_on_after_a_restart() {
    let steps = "- id: g\n  name: G\n  steps:\n  - {id: a, name: A, type: utility.log}\n";
    let top =
        "finally:\n- {id: f, name: F, type: utility.log}\n- {id: h, name: H, type: utility.log}\n";
    let mut run = Runner::of(&with_steps(top, steps));
    run.begin();
    run.progress.cancel();
    run.begin();
    run.end_first();
    run.begin();
    run.restart();
    run.progress.cancel();
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_retry_of_a_cancelled_execution_goes_on_where_it_was() {
    let steps = "- id: g\n  name: G\n  steps:\n  - {id: a, name: A, type: utility.log}\n  - {id: b, name: B, type: utility.log}\n";
    let top = "finally:\n- {id: f, name: F, type: utility.log}\n";
    let mut run = Runner::of(&with_steps(top, steps));
    run.begin();
    run.end_first();
    run.begin();
    run.progress.cancel();
    run.begin();
    run.restart();
    run.finish();
    assert_snapshot!(run.told());
}

#[test]
fn a_rollback_goes_on_where_it_was() {
    let undo = |id: &str| {
        format!(
            "rollback: [{{id: u{id}, name: U, type: utility.log}}, {{id: v{id}, name: V, type: utility.log, parameters: {{message: '{{{{ step.{id}.value }}}}'}}}}]"
        )
    };
    let steps = format!(
        "- {{id: a, name: A, type: utility.log, {}}}\n- {{id: b, name: B, type: utility.log, {}}}\n\
         - {{id: c, name: C, type: utility.log, parameters: {{message: fail}}, on_failure: rollback}}\n",
        undo("a"),
        undo("b")
    );
    let top = "finally:\n- {id: f, name: F, type: utility.log}\n";
    let whole = Runner::of(&with_steps(top, &steps)).run();
    for stop in 0..whole.rows.len() {
        let mut run = Runner::of(&with_steps(top, &steps));
        for _ in 0..stop {
            run.begin();
            run.end_first();
        }
        run.begin();
        run.restart();
        run.finish();
        assert_eq!(
            (run.ends(), run.outcome()),
            (whole.ends(), whole.outcome()),
            "after {stop}"
        );
    }
}

#[test]
fn a_journal_that_does_not_fit_is_refused() {
    let bundle = alone(loaded(&with_steps(
        "",
        "- {id: a, name: A, type: utility.log}\n",
    )));
    let part = |path: &str, name: &str, body| JournalPart {
        number: 1,
        key: key(path, name),
        stage: PartStage::Started,
        tries: 1,
        body,
    };
    let refused = |part| {
        Progress::new(bundle.clone(), Default::default())
            .restore(vec![part])
            .unwrap_err()
            .to_string()
    };
    let began = json!({"began": 1});
    assert_eq!(
        refused(part("", "b", began.clone())),
        "the journal has part 1, `b`, and the playbook has not"
    );
    assert_eq!(
        refused(part("a", "0", began.clone())),
        "the journal has part 1, `a/0`, and the playbook has not"
    );
    assert_eq!(
        refused(part("x/rollback", "u", began)),
        "the journal has part 1, `x/rollback/u`, and the playbook has not"
    );
    let problem = refused(part("", "a", json!({})));
    assert!(
        problem.starts_with("part 1 (`a`) has a body that does not fit: missing field `began`"),
        "{problem}"
    );
}

#[test]
fn words_of_stages() {
    let words: Vec<&str> = PartStage::ALL.iter().map(|stage| stage.as_str()).collect();
    assert_eq!(
        words,
        [
            "started",
            "completed",
            "failed",
            "skipped",
            "cancelled",
            "interrupted"
        ]
    );
    assert_eq!(PartStage::Started.to_string(), "started");
}

#[test]
fn what_a_group_gave_is_known_after_a_restart() {
    let steps = "- {id: g, name: G, steps: [{id: a, name: A, type: utility.log, parameters: {message: x}}]}\n\
                 - {id: b, name: B, type: utility.log, parameters: {message: '{{ step.g.a.value }}'}}\n";
    let mut run = Runner::of(&with_steps("", steps));
    run.begin();
    run.end_first();
    run.begin();
    run.restart();
    run.finish();
    let output = "completed b output {\"value\":\"x\"}";
    assert!(run.log.contains(output), "{}", run.log);
}

#[test]
fn a_group_that_never_began_gave_nothing_after_a_restart() {
    let inner = "steps: [{id: a, name: A, type: utility.log}]";
    let steps = format!(
        "- {{id: g, name: G, when: nope > 3, on_failure: continue, {inner}}}\n- {{id: z, name: Z, type: utility.log}}\n\
         - {{id: b, name: B, type: utility.log, parameters: {{message: '{{{{ step.g is defined }}}}'}}}}\n"
    );
    let mut run = Runner::of(&with_steps("", &steps));
    run.begin();
    run.restart();
    run.finish();
    let output = "completed b output {\"value\":false}";
    assert!(run.log.contains(output), "{}", run.log);
}
