//! How many steps have ended, and how many failed.

use playbook::{StepKey, StepOutcome};

use super::runner::Runner;
use crate::with_steps;

fn step(id: &str, message: &str, more: &str) -> String {
    format!(
        "- {{id: {id}, name: {id}, type: utility.log, parameters: {{message: '{message}'}}{more}}}\n"
    )
}

/// Of steps within each other only the innermost that failed counts, however the execution came there.
#[test]
fn a_failure_counts_once() {
    let inner = "- {id: each, name: E, type: utility.log, for_each: [ok, fail, fail], parameters: {message: '{{ item }}'}, \
        on_failure: continue}\n";
    let group = format!(
        "- id: group\n  name: G\n  on_failure: continue\n  steps:\n  {}",
        inner
            .replace("id: each", "id: inner")
            .replace('\n', "\n  ")
            .trim_end()
    );
    let steps = [
        step("a", "fail", ", on_failure: continue"),
        inner.to_owned(),
        group + "\n",
        step("last", "fail", ""),
    ];
    let text = with_steps("", &steps.concat());
    let mut run = Runner::of(&text);
    let (mut ended, mut failures) = (Vec::new(), Vec::new());
    loop {
        run.begin();
        if run.progress.outcome().is_some() {
            break;
        }
        run.end_first();
        run.write();
        ended.push(run.progress.ended_steps());
        failures.push(run.progress.failures());
        let mut again = playbook::Progress::new(run.bundle.clone(), run.parameters.clone());
        again.restore(run.rows.values().cloned().collect()).unwrap();
        assert_eq!(again.failures(), run.progress.failures(), "{}", run.log);
        assert_eq!(
            again.ended_steps(),
            run.progress.ended_steps(),
            "{}",
            run.log
        );
    }
    assert_eq!(ended, [1, 1, 1, 2, 2, 2, 3, 4], "{}", run.log);
    assert_eq!(failures, [1, 1, 2, 3, 3, 4, 5, 6], "{}", run.log);
}

#[test]
fn a_failure_without_a_reason_is_one() {
    let mut run = Runner::of(&with_steps("", &step("a", "x", ", on_failure: continue")));
    run.begin();
    let key = StepKey {
        path: String::new(),
        name: "a".to_owned(),
    };
    let silent = StepOutcome {
        error: None,
        ..StepOutcome::failed("")
    };
    run.progress.ended(&key, silent);
    run.write();
    assert_eq!(run.progress.failures(), 1);
    assert_eq!(run.rows[&1].body["error"], "");
}
