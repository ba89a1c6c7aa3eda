//! How far a plugin job is, as its worker and the ledger see it.

use wire::JsonText;
use wire::executors::{AdvanceRun, ClaimedRun, PartReport, PluginState, Stage};

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Progress {
    /// The plugin that began last and has not ended, and the number of its try.
    pub(super) current: Option<(String, u32)>,
    /// The ends of the others.
    pub(super) ended: Vec<PartReport>,
    pub(super) state: PluginState,
}

impl Progress {
    /// What earlier attempts left.
    pub(super) fn of(run: &ClaimedRun) -> Self {
        let mut progress = Self::default();
        for part in run.parts.clone() {
            let tries = u32::try_from(part.tries).expect("few tries");
            match part.stage {
                Stage::Started | Stage::Interrupted | Stage::Cancelled => {
                    progress.current = Some((part.name, tries));
                }
                stage => progress.ended.push(PartReport {
                    number: part.number,
                    name: part.name,
                    path: part.path,
                    stage,
                    tries,
                    body: Some(part.body)
                        .filter(|body| !body.is_null())
                        .map(JsonText::from),
                    event: None,
                    abandons: false,
                }),
            }
        }
        if let Some(state) = run.state.clone() {
            progress.state = serde_json::from_str(state.get()).expect("a state");
        }
        progress
    }

    pub(super) fn has_begun(&self, part: &PartReport) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|(name, tries)| *name == part.name && part.tries <= *tries)
    }

    pub(super) fn apply(&mut self, report: &AdvanceRun) {
        let part = part(report);
        self.current = None;
        match part.stage {
            Stage::Started => self.current = Some((part.name.clone(), part.tries)),
            _ => self.ended.push(part.clone()),
        }
        if let Some(state) = report.state.clone() {
            self.state = serde_json::from_str(state.get()).expect("a state");
        }
    }
}

/// The part that a report of these workers is about.
pub(super) fn part(report: &AdvanceRun) -> &PartReport {
    report.parts.first().expect("a part")
}
