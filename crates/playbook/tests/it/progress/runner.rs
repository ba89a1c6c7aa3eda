//! A runner in memory: begins what is ready, ends what runs, and keeps the journal as a server does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::Arc,
};

use playbook::{
    Bundle, ExecutionOutcome, JournalPart, NoSecrets, PartStage, Playbook, Progress, ReadyStep,
    StepKey, StepOutcome,
};
use serde_json::{Map, Value, json};

use crate::loaded;

pub(super) struct Runner {
    pub(super) bundle: Arc<Bundle>,
    pub(super) parameters: Map<String, Value>,
    pub(super) progress: Progress,
    /// The rows of the journal.
    pub(super) rows: BTreeMap<i64, JournalPart>,
    /// Steps that are performed.
    pub(super) running: BTreeSet<(i64, StepKey)>,
    /// All that was written, one line each.
    pub(super) log: String,
    /// Steps that were ready again only for an operator.
    pub(super) asked: Vec<String>,
}

/// A bundle of one playbook.
pub(super) fn alone(playbook: Playbook) -> Arc<Bundle> {
    let playbooks = BTreeMap::from([("root".to_owned(), Arc::new(playbook))]);
    Arc::new(Bundle {
        root: "root".to_owned(),
        playbooks,
    })
}

impl Runner {
    pub(super) fn new(bundle: Arc<Bundle>, parameters: Value) -> Self {
        let parameters = match parameters {
            Value::Object(map) => map,
            other => panic!("{other} is no map"),
        };
        Self {
            progress: Progress::new(bundle.clone(), parameters.clone()),
            bundle,
            parameters,
            rows: BTreeMap::new(),
            running: BTreeSet::new(),
            log: String::new(),
            asked: Vec::new(),
        }
    }

    pub(super) fn of(text: &str) -> Self {
        Self::new(alone(loaded(text)), json!({}))
    }

    /// Begins all that is ready.
    pub(super) fn begin(&mut self) -> Vec<ReadyStep> {
        let mut all = Vec::new();
        loop {
            let ready = self.progress.ready();
            if ready.is_empty() {
                break;
            }
            for step in &ready {
                if step.needs_operator {
                    self.asked.push(step.key.to_string());
                }
                self.progress.begun(&step.key);
            }
            all.extend(ready);
        }
        self.write();
        all
    }

    /// Takes the parts and keeps them, as a server does: by number, and a part that has ended cannot change.
    pub(super) fn write(&mut self) {
        let parts = self.progress.take_parts();
        self.keep(parts);
    }

    pub(super) fn keep(&mut self, parts: Vec<JournalPart>) {
        for part in parts {
            let line = line(&part);
            writeln!(self.log, "{line}").unwrap();
            if let Some(before) = self.rows.get(&part.number) {
                assert_eq!(before.key, part.key, "{line}");
                let ended = matches!(
                    before.stage,
                    PartStage::Completed | PartStage::Failed | PartStage::Skipped
                );
                assert!(!ended, "it had ended: {line}");
            } else {
                let last = self.rows.keys().last().copied().unwrap_or(0);
                assert_eq!(part.number, last + 1, "{line}");
            }
            let composite = self
                .progress
                .step(&part.key)
                .is_some_and(|step| step.is_composite());
            let performed =
                part.stage == PartStage::Started && (!composite || self.is_pass(&part.key));
            self.running.retain(|(number, _)| *number != part.number);
            if performed {
                self.running.insert((part.number, part.key.clone()));
            }
            self.rows.insert(part.number, part);
        }
    }

    /// Whether it is one pass of a loop over a step that holds no others.
    fn is_pass(&self, key: &StepKey) -> bool {
        let step = self.progress.step(key);
        step.is_some_and(|step| {
            let holds = !step.steps.is_empty() || step.kind == "playbook.run";
            step.for_each.is_some() && !holds && step.id != key.name
        })
    }

    /// The step that began first ends as its message says.
    pub(super) fn end_first(&mut self) -> bool {
        let Some((_, key)) = self.running.first().cloned() else {
            return false;
        };
        self.end(&key);
        true
    }

    pub(super) fn end(&mut self, key: &StepKey) {
        let outcome = self.outcome_of(key);
        self.progress.ended(key, outcome);
        self.write();
    }

    /// What a step's message says: `fail`, `fail N` (the first N tries), or anything else, which it gives.
    pub(super) fn outcome_of(&self, key: &StepKey) -> StepOutcome {
        let parameters = match self.progress.parameters(key, &NoSecrets) {
            Ok(parameters) => parameters,
            Err(problem) => return StepOutcome::failed(problem.to_string()),
        };
        let message = parameters.get("message").cloned().unwrap_or_default();
        let tries = self
            .rows
            .values()
            .filter(|part| part.key == *key)
            .map(|part| part.tries)
            .max();
        let tries = tries.unwrap_or(0);
        let fails = |text: &str| match text.strip_prefix("fail")?.trim() {
            "" => Some(true),
            count => count.parse::<u32>().ok().map(|count| tries <= count),
        };
        match message.as_str() {
            Some(text) if fails(text) == Some(true) => StepOutcome::failed(format!("boom {tries}")),
            Some(text) if text.starts_with("set ") => {
                let set = Map::from_iter([(text[4..].to_owned(), json!(key.to_string()))]);
                StepOutcome::completed(json!({"value": text})).with_set(set)
            }
            _ => StepOutcome::completed(json!({ "value": message })),
        }
    }

    /// To the end, one step at a time.
    pub(super) fn run(mut self) -> Self {
        self.finish();
        self
    }

    pub(super) fn finish(&mut self) {
        for _ in 0..10_000 {
            self.begin();
            if self.progress.outcome().is_some() {
                return;
            }
            assert!(
                self.end_first(),
                "nothing runs and nothing is ready: {:?}\n{}",
                self.progress,
                self.log
            );
        }
        panic!("it does not end\n{}", self.log);
    }

    /// The executor is gone: a new one goes on from the journal.
    pub(super) fn restart(&mut self) {
        for part in self
            .rows
            .values_mut()
            .filter(|part| part.stage == PartStage::Started)
        {
            part.stage = PartStage::Interrupted;
        }
        self.running.clear();
        self.progress = Progress::new(self.bundle.clone(), self.parameters.clone());
        self.progress
            .restore(self.rows.values().cloned().collect())
            .unwrap();
        self.log.push_str("restart\n");
    }

    pub(super) fn outcome(&self) -> &ExecutionOutcome {
        self.progress.outcome().expect("it ended")
    }

    /// The log and the outcome.
    pub(super) fn told(&self) -> String {
        format!("{}{:?}", self.log, self.progress.outcome())
    }

    /// How each step ended last, without numbers.
    pub(super) fn ends(&self) -> BTreeMap<String, String> {
        let rows = self.rows.values();
        rows.map(|part| {
            (
                part.key.to_string(),
                line(part).split_once(' ').unwrap().1.to_owned(),
            )
        })
        .collect()
    }
}

/// A part in one line.
pub(super) fn line(part: &JournalPart) -> String {
    let mut line = format!("{} {} {}", part.number, part.stage, part.key);
    if part.tries != 1 {
        write!(line, " try {}", part.tries).unwrap();
    }
    for key in ["output", "error", "reason", "set"] {
        if let Some(value) = part.body.get(key) {
            write!(line, " {key} {value}").unwrap();
        }
    }
    line
}
