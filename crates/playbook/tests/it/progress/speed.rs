//! The time of a step does not depend on how many there are.

use std::time::{Duration, Instant};

use playbook::{NoSecrets, StepOutcome};
use serde_json::json;

use super::runner::Runner;
use crate::with_steps;

/// How long the first and the last hundred of many steps take.
fn ends_of(run: &mut Runner, count: usize) -> (Duration, Duration) {
    let mut hundreds = Vec::new();
    for _ in 0..count / 100 {
        let begun = Instant::now();
        for _ in 0..100 {
            while let Some(ready) = run.progress.ready().pop() {
                run.progress.begun(&ready.key);
                if !ready.composite {
                    run.progress.parameters(&ready.key, &NoSecrets).unwrap();
                    run.progress
                        .ended(&ready.key, StepOutcome::completed(json!({"value": 1})));
                    break;
                }
            }
        }
        hundreds.push(begun.elapsed());
        run.progress.take_parts();
    }
    // The fastest of some, so that other work of the machine does not count.
    let best = |hundreds: &[Duration]| *hundreds.iter().min().unwrap();
    (
        best(&hundreds[..10]),
        best(&hundreds[hundreds.len() - 10..]),
    )
}

#[track_caller]
fn stays_fast(mut run: Runner, count: usize) {
    let (first, last) = ends_of(&mut run, count);
    run.progress.ready();
    assert!(run.progress.outcome().is_some());
    assert!(
        last < first * 3 + Duration::from_millis(1),
        "the first hundred took {first:?}, the last {last:?}"
    );
}

#[test]
fn ten_thousand_steps() {
    let step = |n| {
        format!(
            "- {{id: s{n}, name: N, type: utility.log, parameters: {{message: '{{{{ step.s0.value | default(1) }}}}'}}}}\n"
        )
    };
    let steps: String = (0..10_000).map(step).collect();
    stays_fast(Runner::of(&with_steps("", &steps)), 10_000);
}

#[test]
fn ten_thousand_items() {
    let steps = "- {id: each, name: N, type: utility.log, for_each: '{{ items }}', parameters: {message: '{{ item }}'}}\n";
    let playbook = crate::loaded(&with_steps("", steps));
    let items: Vec<u32> = (0..10_000).collect();
    stays_fast(
        Runner::new(super::runner::alone(playbook), json!({ "items": items })),
        10_000,
    );
}
