//! Steps begin, or wait for an operator before they do.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::FutureExt;
use playbook::{
    JournalPart, NoSecrets, PartStage, Progress, ReadyStep, Step, StepKey, StepOutcome,
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{Begun, Flow, Title, Try};
use crate::attempt::execution::{
    call::{Parameters, StepCall, StepEnd},
    clock,
    report::{RETRY_AT, UNTIL},
    secrets::TrySecrets,
    steps,
    waits::StepWaits,
};

/// Why a step has no output that an operator left out.
pub(super) const SKIPPED: &str = "skipped by an operator";

/// Why a step is not performed again by itself.
const INTERRUPTED: &str = "it was interrupted and may have had an effect: resume the execution to run it \
    again, or skip it";

/// The longest name of a step, in bytes, that is made of a template.
const NAME_LIMIT: usize = 500;

impl<'a> Flow<'a> {
    /// Begins every step that is ready, and answers what is performed of them once that is on disk.
    pub(super) fn begin(&mut self) -> Vec<Try<'a>> {
        let mut tries = Vec::new();
        loop {
            let ready = self.progress.ready();
            if ready.is_empty() {
                return tries;
            }
            tries.extend(ready.into_iter().filter_map(|step| self.begin_step(&step)));
        }
    }

    fn begin_step(&mut self, ready: &ReadyStep) -> Option<Try<'a>> {
        let ReadyStep { key, step, .. } = ready;
        let title = Title {
            name: self.rendered_name(key, step),
            kind: step.kind.clone(),
        };
        self.titles.begins(key.clone(), title.clone());
        let resumed = self.resumed.remove(key).unwrap_or_default();
        // Else what had begun goes on first: a step inside of it may be the one that waits and is meant.
        let may_skip = resumed.asked || (!ready.interrupted && !self.is_any_waiting());
        if may_skip && self.operator.take_skip() {
            self.progress.ended(key, StepOutcome::skipped(SKIPPED));
            return None;
        }
        let delay = Some(ready.delay_s).filter(|delay| *delay > 0.0);
        if ready.composite && delay.is_none() {
            self.open(key, step, resumed.deadline);
            return None;
        }
        let begins_ms = if resumed.parked {
            resumed.retry_at
        } else {
            delay.map(|delay| clock::after_ms(clock::seconds(delay)))
        };
        let asks = ready.needs_operator && !resumed.parked;
        let begun = Begun {
            part: JournalPart {
                number: 0,
                key: key.clone(),
                stage: PartStage::Started,
                tries: ready.tries,
                body: Value::Null,
            },
            title,
            step: step.clone(),
            composite: ready.composite,
            until_ms: resumed.until,
            waits: StepWaits::new(self.woken.clone()),
            stop: CancellationToken::new(),
            opened: Arc::default(),
            field: if begins_ms.is_some() { RETRY_AT } else { UNTIL },
            asks: asks.then(|| INTERRUPTED.to_owned()),
        };
        if !ready.composite {
            self.progress.begun(key);
        }
        let (waits, stop) = (begun.waits.clone(), begun.stop.clone());
        self.begun.insert(key.clone(), begun);
        if asks {
            return None;
        }
        let Some(begins_ms) = begins_ms else {
            return self.perform(key);
        };
        let (key, parks) = (key.clone(), !ready.composite);
        let wait = async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => (key, StepEnd::Stopped),
                () = waits.until(begins_ms, parks) => (key, StepEnd::Waited),
            }
        };
        Some(wait.boxed())
    }

    /// A step's name with what its templates come to; as it is written where that is not known yet.
    fn rendered_name(&self, key: &StepKey, step: &Step) -> String {
        if !step.name.contains("{{") {
            return step.name.clone();
        }
        let scope = self.progress.scope(key, &NoSecrets);
        let rendered = playbook::render_text(&step.name, &scope);
        let short = rendered.ok().filter(|name| name.len() <= NAME_LIMIT);
        short.map_or_else(
            || step.name.clone(),
            |name| self.context.redactor.text(name),
        )
    }

    /// Whether a step that has begun waits, or will when it is first looked at.
    fn is_any_waiting(&self) -> bool {
        self.begun
            .values()
            .any(|begun| begun.is_waiting() || begun.until_ms.is_some() || begun.field == RETRY_AT)
    }

    /// Performs a step that has begun; it has ended if its parameters cannot be rendered.
    fn perform(&mut self, key: &StepKey) -> Option<Try<'a>> {
        let begun = self.begun.get(key)?;
        let step = &Arc::clone(&begun.step);
        let parameters = match self.parameters(key, step, begun.opened.get()) {
            Ok(Rendered::Parameters(parameters)) => parameters,
            Ok(Rendered::Needs(credentials)) => {
                return Some(self.open_for(key, begun, credentials));
            }
            Err(end) => {
                let end = end.redacted(&self.context.redactor);
                self.ended.push_back((key.clone(), end));
                return None;
            }
        };
        let login = self.earlier_login(step, &parameters);
        let begun = self.begun.get(key)?;
        let call = StepCall {
            context: self.context,
            key: key.clone(),
            number: self.progress.part_number(key).unwrap_or_default(),
            tries: begun.part.tries,
            name: step.name.clone(),
            playbook: self.progress.playbook_path(key).to_owned(),
            kind: step.kind.clone(),
            timeout: steps::limit(step, &parameters),
            parameters,
            variables: variables(&self.progress, key, &step.kind),
            login,
            until_ms: begun.until_ms,
            waits: begun.waits.clone(),
            stop: begun.stop.clone(),
        };
        Some(call.perform().boxed())
    }

    /// The wait before a try is over.
    pub(super) fn waited(&mut self, key: &StepKey) {
        let Some(begun) = self.begun.get_mut(key) else {
            return;
        };
        begun.field = UNTIL;
        if begun.composite {
            let step = begun.step.clone();
            self.begun.remove(key);
            self.open(key, &step, None);
        } else if let Some(performed) = self.perform(key) {
            self.running.push(performed);
        }
    }

    /// A step that holds others begins, and with it those.
    fn open(&mut self, key: &StepKey, step: &Step, deadline: Option<i64>) {
        self.progress.begun(key);
        self.limits.begin(key.clone(), step.timeout_s, deadline);
    }

    /// Opens credentials for a step that has begun; afterwards it is performed.
    fn open_for(&self, key: &StepKey, begun: &Begun, names: BTreeSet<String>) -> Try<'a> {
        let (context, key) = (self.context, key.clone());
        let (slot, stop) = (Arc::clone(&begun.opened), begun.stop.clone());
        let open = async move {
            let opened = tokio::select! {
                biased;
                () = stop.cancelled() => return (key, StepEnd::Stopped),
                opened = context.open(&names, &key) => opened,
            };
            match opened {
                Ok(opened) => {
                    // A try opens them once.
                    let _ = slot.set(opened);
                    (key, StepEnd::Waited)
                }
                Err(end) => (key, end),
            }
        };
        open.boxed()
    }

    /// The rendered parameters, what they need before, or how the step ends without them.
    pub(super) fn parameters(
        &self,
        key: &StepKey,
        step: &Step,
        known: Option<&TrySecrets>,
    ) -> Result<Rendered, StepEnd> {
        let nothing = TrySecrets::default();
        let opened = match known {
            Some(opened) => opened,
            None => {
                let needed = self.progress.credentials(key);
                if !needed.is_empty() {
                    return Ok(Rendered::Needs(needed));
                }
                &nothing
            }
        };
        let rendered = self.progress.parameters(key, opened);
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(problem) => match problem.missing_credential {
                // Only the engine of templates knew of it.
                Some(name) if known.is_none() => {
                    return Ok(Rendered::Needs(BTreeSet::from([name])));
                }
                _ => return Err(StepEnd::refused(problem.message)),
            },
        };
        let mut parameters = Parameters(rendered);
        let overrides = &self.context.input.timeout_overrides;
        if let Some(time) = steps::overridden(&step.kind, &step.parameters, overrides) {
            parameters.0.insert("timeout".to_owned(), time.into());
        }
        if step.kind == "utility.assert" {
            steps::check(&mut parameters, &self.progress.scope(key, opened))?;
        }
        Ok(Rendered::Parameters(parameters))
    }
}

/// The parameters of a step, or what is missing for them.
pub(super) enum Rendered {
    Parameters(Parameters),
    /// These credentials are to be opened first.
    Needs(BTreeSet<String>),
}

/// The variables, for the steps that read them by themselves.
fn variables(progress: &Progress, key: &StepKey, kind: &str) -> Map<String, Value> {
    if !steps::reads_variables(kind) {
        return Map::new();
    }
    progress.scope(key, &NoSecrets).variables().clone()
}
