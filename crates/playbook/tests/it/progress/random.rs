//! Random playbooks, random stops: the journal is the state.

use std::{collections::BTreeMap, sync::Arc};

use playbook::{
    Bundle, ExecutionOutcome, ForEach, OnFailure, PartStage, Playbook, Position, Retry, Step,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::runner::Runner;

/// What a random step is.
#[derive(Clone, Debug)]
enum Shape {
    Leaf(&'static str),
    Group(Vec<Plan>),
    Parallel(Vec<Plan>),
    Child,
}

#[derive(Clone, Debug)]
struct Plan {
    shape: Shape,
    items: Option<(usize, usize)>,
    on_failure: OnFailure,
    retries: u32,
    when: Option<&'static str>,
    rollback: bool,
    idempotent: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    let messages = prop_oneof![
        6 => Just("fine"),
        1 => Just("fail"),
        1 => Just("fail 1"),
        1 => Just("set v"),
        1 => Just("{{ variable.v | default('unset') }} {{ item | default('no item') }}"),
    ];
    let leaf = prop_oneof![8 => messages.prop_map(Shape::Leaf), 1 => Just(Shape::Child)];
    leaf.prop_map(Plan::of).prop_recursive(3, 12, 3, |inner| {
        let plain = (
            prop::collection::vec(inner, 1..4),
            any::<bool>(),
            prop::option::weighted(0.4, (0..4_usize, 1..4_usize)),
        );
        plain.prop_map(|(inner, parallel, items)| {
            let shape = if parallel { Shape::Parallel(inner) } else { Shape::Group(inner) };
            Plan { items, ..Plan::of(shape) }
        })
    })
    .prop_flat_map(|plan| {
        let failure = prop_oneof![3 => Just(OnFailure::Abort), 3 => Just(OnFailure::Continue), 1 => Just(OnFailure::Rollback)];
        let when = prop::option::weighted(0.2, prop_oneof![Just("true"), Just("false"), Just("item is odd"), Just("variable.v is defined")]);
        (Just(plan), failure, 0..3_u32, when, any::<bool>(), any::<bool>(), prop::option::weighted(0.2, (0..4_usize, 1..3_usize)))
    })
    .prop_map(|(plan, on_failure, retries, when, rollback, idempotent, items)| Plan {
        on_failure,
        retries,
        when,
        rollback,
        idempotent,
        items: plan.items.or(items),
        ..plan
    })
}

impl Plan {
    fn of(shape: Shape) -> Self {
        Self {
            shape,
            items: None,
            on_failure: OnFailure::Abort,
            retries: 0,
            when: None,
            rollback: false,
            idempotent: true,
        }
    }

    fn step(&self, count: &mut usize) -> Arc<Step> {
        *count += 1;
        let id = format!("s{count}");
        let (kind, message, steps) = match &self.shape {
            Shape::Leaf(message) => ("utility.log", Some(*message), &[][..]),
            Shape::Group(steps) => ("group", None, &steps[..]),
            Shape::Parallel(steps) => ("parallel", None, &steps[..]),
            Shape::Child => ("playbook.run", None, &[][..]),
        };
        let mut parameters = Map::new();
        parameters.extend(message.map(|message| ("message".to_owned(), json!(message))));
        if kind == "playbook.run" {
            parameters.insert("playbook".to_owned(), json!("child"));
        }
        let undo = Self::of(Shape::Leaf("undo {{ item | default('no item') }}"));
        let rollback = if self.rollback {
            vec![undo.step(count)]
        } else {
            Vec::new()
        };
        let for_each = self.items.map(|(items, concurrency)| ForEach {
            items: (0..items).map(Value::from).collect(),
            name: "item".to_owned(),
            concurrency,
        });
        Arc::new(Step {
            name: id.clone(),
            id,
            kind: kind.to_owned(),
            parameters,
            on_failure: self.on_failure,
            timeout_s: 1.0,
            timeout_given: true,
            retry: Retry {
                count: self.retries,
                delay_s: 1.0,
                backoff: 2.0,
                max_delay_s: 9.0,
            },
            when: self.when.map(str::to_owned),
            for_each,
            steps: steps.iter().map(|step| step.step(count)).collect(),
            register: None,
            idempotent: self.idempotent,
            rollback,
            at: Position::default(),
        })
    }
}

fn playbook(steps: &[Plan], finally: &[Plan]) -> Arc<Playbook> {
    let mut count = 0;
    Arc::new(Playbook {
        name: "Random".to_owned(),
        steps: steps.iter().map(|plan| plan.step(&mut count)).collect(),
        finally: finally.iter().map(|plan| plan.step(&mut count)).collect(),
        ..Playbook::default()
    })
}

prop_compose! {
    /// A root and a child, which the root's steps may run.
    fn bundle()(
        steps in prop::collection::vec(plan(), 1..5),
        finally in prop::collection::vec(plan(), 0..3),
        child in prop::collection::vec(plan(), 1..4),
        child_finally in prop::collection::vec(plan(), 0..2),
    ) -> Arc<Bundle> {
        // A child that runs itself would only meet the limit.
        let flat: Vec<Plan> = child.iter().map(without_children).collect();
        let flat_finally: Vec<Plan> = child_finally.iter().map(without_children).collect();
        let playbooks = BTreeMap::from([
            ("root".to_owned(), playbook(&steps, &finally)),
            ("child".to_owned(), playbook(&flat, &flat_finally)),
        ]);
        Arc::new(Bundle { root: "root".to_owned(), playbooks })
    }
}

prop_compose! {
    /// A bundle in which nothing is done at once, so that the order of what happens is always the same.
    fn in_order()(bundle in bundle()) -> Arc<Bundle> {
        let playbooks = bundle.playbooks.iter().map(|(path, playbook)| {
            let one_by_one = |steps: &[Arc<Step>]| steps.iter().map(|step| one_by_one(step)).collect();
            let playbook = Playbook {
                steps: one_by_one(&playbook.steps),
                finally: one_by_one(&playbook.finally),
                ..Playbook::clone(playbook)
            };
            (path.clone(), Arc::new(playbook))
        });
        Arc::new(Bundle { root: bundle.root.clone(), playbooks: playbooks.collect() })
    }
}

fn one_by_one(step: &Step) -> Arc<Step> {
    let for_each = step.for_each.clone();
    let kind = if step.kind == "parallel" {
        "group"
    } else {
        step.kind.as_str()
    };
    Arc::new(Step {
        kind: kind.to_owned(),
        for_each: for_each.map(|for_each| ForEach {
            concurrency: 1,
            ..for_each
        }),
        steps: step.steps.iter().map(|step| one_by_one(step)).collect(),
        ..step.clone()
    })
}

fn without_children(plan: &Plan) -> Plan {
    let shape = match &plan.shape {
        Shape::Child => Shape::Leaf("fine"),
        Shape::Group(steps) => Shape::Group(steps.iter().map(without_children).collect()),
        Shape::Parallel(steps) => Shape::Parallel(steps.iter().map(without_children).collect()),
        Shape::Leaf(message) => Shape::Leaf(message),
    };
    Plan {
        shape,
        ..plan.clone()
    }
}

/// Everything that holds for a journal whose execution ended.
fn sound(run: &Runner) {
    for part in run.rows.values() {
        let open = matches!(part.stage, PartStage::Started | PartStage::Interrupted);
        assert!(
            !open,
            "{} is {} at the end\n{}",
            part.key, part.stage, run.log
        );
    }
    assert!(run.running.is_empty(), "{}", run.log);
    let unplanned = run
        .rows
        .values()
        .filter(|part| part.stage == PartStage::Cancelled)
        .count();
    if !matches!(run.outcome(), ExecutionOutcome::Cancelled) {
        assert_eq!(unplanned, 0, "{}", run.log);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every execution ends, and leaves no part open.
    #[test]
    fn every_execution_ends(bundle in bundle()) {
        let run = Runner::new(bundle, json!({})).run();
        sound(&run);
    }

    /// An executor that dies again and again does not change what happens.
    #[test]
    fn a_journal_is_the_whole_state(
        (bundle, same) in prop_oneof![(in_order(), Just(true)), (bundle(), Just(false))],
        stops in prop::collection::vec(0..3_u8, 1..60),
    ) {
        let whole = Runner::new(bundle.clone(), json!({})).run();
        let mut run = Runner::new(bundle, json!({}));
        for stop in stops {
            if run.progress.outcome().is_some() {
                break;
            }
            match stop {
                // Ready, and nothing said yet.
                0 => drop(run.progress.ready()),
                1 => drop(run.begin()),
                _ => {
                    run.begin();
                    run.end_first();
                }
            }
            run.restart();
        }
        run.finish();
        sound(&run);
        if same {
            prop_assert_eq!(run.ends(), whole.ends(), "{}\n---\n{}", run.log, whole.log);
            prop_assert_eq!(run.outcome(), whole.outcome());
            prop_assert_eq!(run.rows.len(), whole.rows.len());
        }
    }

    /// What was written may be cut off anywhere: the first parts of a report are a journal too.
    #[test]
    fn any_beginning_of_a_journal_is_one(
        (bundle, same) in prop_oneof![(in_order(), Just(true)), (bundle(), Just(false))],
        cut in 0..60_usize,
    ) {
        let whole = Runner::new(bundle.clone(), json!({})).run();
        let mut run = Runner::new(bundle, json!({}));
        let mut written = 0;
        'run: for _ in 0..1_000 {
            for ready in run.progress.ready() {
                run.progress.begun(&ready.key);
            }
            for part in run.progress.take_parts() {
                if written == cut {
                    break 'run;
                }
                written += 1;
                run.keep(vec![part]);
            }
            if run.progress.outcome().is_some() {
                break;
            }
            let composite = run.progress.ready();
            for ready in composite {
                run.progress.begun(&ready.key);
            }
            if let Some((_, key)) = run.running.first().cloned() {
                let outcome = run.outcome_of(&key);
                run.progress.ended(&key, outcome);
            }
        }
        run.restart();
        run.finish();
        sound(&run);
        if same {
            prop_assert_eq!(run.outcome(), whole.outcome(), "{}\n---\n{}", run.log, whole.log);
            prop_assert_eq!(run.ends(), whole.ends(), "{}\n---\n{}", run.log, whole.log);
        }
    }

    /// A cancel at any moment ends the execution, with all of `finally` and nothing open; also when the executor
    /// dies after it.
    #[test]
    fn a_cancel_ends_everything(bundle in bundle(), steps in 0..30_usize, dies in any::<bool>()) {
        let mut run = Runner::new(bundle, json!({}));
        for _ in 0..steps {
            run.begin();
            if run.progress.outcome().is_some() {
                return Ok(());
            }
            run.end_first();
        }
        run.progress.cancel();
        run.write();
        if dies {
            run.begin();
            run.restart();
            run.progress.cancel();
            run.write();
        }
        run.finish();
        let ended = run.rows.values().all(|part| !matches!(part.stage, PartStage::Started | PartStage::Interrupted));
        prop_assert!(ended, "{}", run.log);
    }

    /// Going back to any step of the top and on again ends, and does the steps before it only once.
    #[test]
    fn going_back_ends_too(bundle in bundle(), to in 0..5_usize) {
        let mut run = Runner::new(bundle, json!({})).run();
        let root = run.bundle.playbooks["root"].clone();
        let Some(step) = root.steps.get(to) else { return Ok(()) };
        let key = playbook::StepKey { path: String::new(), name: step.id.clone() };
        let rows = run.rows.len();
        if run.progress.rewind(&key).is_err() {
            return Ok(());
        }
        run.finish();
        sound(&run);
        let again = run.rows.values().skip(rows);
        let before: Vec<&str> = root.steps[..to].iter().map(|step| step.id.as_str()).collect();
        for part in again {
            prop_assert!(!(part.key.path.is_empty() && before.contains(&part.key.name.as_str())), "{}", run.log);
        }
        // The journal says the same.
        let outcome = run.outcome().clone();
        run.restart();
        run.begin();
        prop_assert_eq!(run.progress.outcome(), Some(&outcome), "{}", run.log);
    }
}
