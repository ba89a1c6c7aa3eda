//! What a schedule starts.

use engine::{Priority, RunId};
use store::{
    audit::{Actor, AuditEntry},
    runs::{Submission, Submit},
};
use wire::{Timestamp, playbooks::NewExecution};

use crate::{app::App, executions, library::playbook_path, refusal::Refusal};

/// The label that names the schedule of an execution.
pub(crate) const SCHEDULE_LABEL: &str = "schedule";
/// The label that says for which time it was started.
pub(crate) const TIME_LABEL: &str = "scheduled_for";

/// An execution that is ready to be started.
pub(crate) struct Start {
    pub(crate) id: RunId,
    pub(crate) playbook_name: String,
    submission: Submission,
}

/// Makes what a schedule starts of the library and the vault as they are now.
pub(crate) async fn start(
    app: &App,
    schedule: &str,
    what: NewExecution,
    scheduled_for: Option<i64>,
    requester: &Actor,
) -> Result<Start, Refusal> {
    check_secrets(app, &what).await?;
    let (playbook_name, mut submission) = executions::submission(app, what, requester).await?;
    let labels = &mut submission.labels;
    labels.insert(SCHEDULE_LABEL.to_owned(), schedule.to_owned());
    if let Some(at) = scheduled_for {
        labels.insert(TIME_LABEL.to_owned(), Timestamp(at).to_string());
    }
    submission.run.priority = Priority::Background;
    Ok(Start {
        id: submission.run.id,
        playbook_name,
        submission,
    })
}

/// Checks what a schedule is to start.
pub(crate) async fn check(app: &App, what: &NewExecution) -> Result<(), Refusal> {
    check_secrets(app, what).await?;
    let nobody = Actor::word("schedule");
    let checked = executions::submission(app, what.clone(), &nobody).await;
    checked.map(drop)
}

/// A schedule is kept as it was given, so it can keep no secret.
async fn check_secrets(app: &App, what: &NewExecution) -> Result<(), Refusal> {
    let found = app.library.get(playbook_path(&what.playbook_path)?).await?;
    let supplied = what.parameters.as_ref();
    let is_supplied = |name: &&str| supplied.is_some_and(|given| given.contains_key(*name));
    let mut secrets = found.playable()?.playbook.secret_parameters();
    match secrets.find(is_supplied) {
        None => Ok(()),
        Some(name) => Err(Refusal::field(
            "parameters",
            format!(
                "parameters: `{name}` is secret, and schedules keep no secrets: use a credential"
            ),
        )),
    }
}

impl Start {
    /// The request to the store.
    pub(crate) fn submit(self, app: &App, entry: &AuditEntry) -> Submit {
        Submit {
            entry: Some(Box::new(entry.clone())),
            ..Submit::new([self.submission], app.aging_step_ms(), entry.at)
        }
    }
}
