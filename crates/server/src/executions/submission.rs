//! What a start of a playbook becomes: for the contract's start, and for schedules.

use engine::{Kind, NewRun, Priority, RunId};
use playbook::Playbook;
use serde_json::{Map, Value};
use store::{audit::Actor, credentials::CredentialRow, runs::Submission};
use wire::playbooks::{
    ExecutionInput, NewExecution, OWN_CREDENTIAL, PlaybookStep, Requester, StartedExecution,
};

use super::autofill;
use crate::{app::App, http::check, kinds, library::playbook_path, refusal::Refusal};

const PARAMETERS_LIMIT: usize = 50;
const PARAMETER_NAME_LIMIT: usize = 255;

/// The answer to a start.
pub(crate) fn started(id: RunId, playbook_name: String) -> StartedExecution {
    StartedExecution {
        execution_id: id.to_string(),
        playbook_name,
        status: "started".to_owned(),
        message: format!("Execution started with ID: {id}"),
    }
}

/// The steps at the top level.
pub(crate) fn steps(playbook: &Playbook) -> Vec<PlaybookStep> {
    let steps = playbook.steps.iter().map(|step| PlaybookStep {
        id: step.id.clone(),
        name: step.name.clone(),
        kind: step.kind.clone(),
        timeout: step.timeout_s,
        retry_count: step.retry.count,
    });
    steps.collect()
}

/// No credential has this name.
pub(crate) fn missing_credential(name: &str) -> Refusal {
    let shown: String = name.chars().take(100).collect();
    Refusal::not_found(format!("Credential '{shown}' not found"))
        .coded("credential_not_found")
        .about("name", shown)
}

/// The run of a start, and what its playbook is called.
pub(crate) async fn submission(
    app: &App,
    new: NewExecution,
    requester: &Actor,
) -> Result<(String, Submission), Refusal> {
    bounded(&new)?;
    let found = app.library.get(playbook_path(&new.playbook_path)?).await?;
    let loaded = found.playable()?;
    let playbook = &loaded.playbook;
    let credential = match &new.credential_name {
        Some(name) => Some(named(app, name).await?),
        None => None,
    };
    let filled = credential
        .as_ref()
        .map(|one| autofill::filled(playbook, one));
    let supplied = new.parameters.unwrap_or_default();
    let mut parameters = parameters(playbook, &supplied, &filled.unwrap_or_default())?;
    credentials_exist(app, playbook, &parameters).await?;
    let id = app.clock.run_id();
    let secrets = autofill::take_secrets(&mut parameters, playbook);
    let sealed_parameters = match secrets.is_empty() {
        true => None,
        false => Some(app.vault.sealer(&app.store).await?.seal_own(id, &secrets)),
    };
    let gateway_url = new.gateway_url;
    let gateway_url = gateway_url.or_else(|| credential.and_then(|one| one.gateway_url));
    let (playbooks, bundle) = app.library.bundle(&found).await?;
    for path in playbooks.keys() {
        must_be_enabled(app, path).await?;
    }
    let mut credentials = bundle.credentials(&parameters);
    credentials.remove(OWN_CREDENTIAL);
    app.library.keep_bundle(app, playbooks.iter()).await?;
    let files = app.library.pin(app, &playbooks).await?;
    let blobs = files.values().filter_map(|file| file.sha256.clone());
    let blobs = blobs.collect();
    let input = ExecutionInput {
        playbook_path: found.path.as_str().to_owned(),
        domain: playbook.domain.clone(),
        steps: steps(playbook),
        playbooks,
        parameters,
        sealed_parameters,
        credentials,
        gateway_url,
        credential_name: new.credential_name,
        debug_mode: new.debug_mode.unwrap_or(false),
        timeout_overrides: new.timeout_overrides.unwrap_or_default(),
        requester: Some(self::requester(requester)),
        files,
        restarts: Vec::new(),
    };
    let name = playbook.name.clone();
    let queue = kinds::of(Kind::Execution).queues.queue(&[]);
    let run = NewRun {
        cleans_up: cleans_up(playbook, &input),
        // A person waits for most of them.
        priority: Priority::Foreground,
        ..NewRun::new(id, Kind::Execution, &name, &queue)
    };
    let submission = Submission {
        run,
        // Strings and JSON values have a JSON form.
        input: serde_json::to_vec(&input).unwrap_or_default(),
        labels: new.labels,
        blobs,
        hook: None,
    };
    Ok((name, submission))
}

/// Who started an execution.
pub(crate) fn requester(actor: &Actor) -> Requester {
    Requester {
        id: actor.id.clone(),
        name: actor.name.clone(),
    }
}

/// Whether any of the playbooks has steps that run at the end, also after a cancel.
fn cleans_up(playbook: &Playbook, input: &ExecutionInput) -> bool {
    let reached = input.playbooks.iter();
    let mut reached = reached.filter(|(path, _)| **path != input.playbook_path);
    let has_finally = |text: &String| {
        playbook::parse(text).is_ok_and(|loaded| !loaded.playbook.finally.is_empty())
    };
    !playbook.finally.is_empty() || reached.any(|(_, text)| has_finally(text))
}

/// Makes sure that there are the credentials that parameters name.
pub(super) async fn credentials_exist(
    app: &App,
    playbook: &Playbook,
    parameters: &Map<String, Value>,
) -> Result<(), Refusal> {
    for name in playbook.credential_parameters() {
        if let Some(Value::String(name)) = parameters.get(name) {
            named(app, name).await?;
        }
    }
    Ok(())
}

/// A playbook that was marked as disabled cannot be started.
async fn must_be_enabled(app: &App, path: &str) -> Result<(), Refusal> {
    let marked = path.to_owned();
    let marks = app
        .store
        .read(move |read| store::revisions::marks_of(read, &marked));
    if marks.await?.disabled_at.is_none() {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("Playbook '{path}' is disabled")).about("path", path))
}

/// The credential of this name.
async fn named(app: &App, name: &str) -> Result<CredentialRow, Refusal> {
    let wanted = name.to_owned();
    let found = app
        .store
        .read(move |read| store::credentials::find(read, &wanted));
    found.await?.ok_or_else(|| missing_credential(name))
}

fn bounded(new: &NewExecution) -> Result<(), Refusal> {
    let parameters = new.parameters.as_ref();
    if parameters.is_some_and(|given| given.len() > PARAMETERS_LIMIT) {
        let message = format!("parameters must be at most {PARAMETERS_LIMIT}");
        return Err(Refusal::field("parameters", message));
    }
    let mut names = parameters.into_iter().flat_map(Map::keys);
    if names.any(|name| name.len() > PARAMETER_NAME_LIMIT) {
        let message =
            format!("the name of a parameter must have at most {PARAMETER_NAME_LIMIT} bytes");
        return Err(Refusal::field("parameters", message));
    }
    if let Some(url) = &new.gateway_url {
        check::http_url("gateway_url", url)?;
    }
    Ok(())
}

/// The values of the parameters in their declared types, or which of them are wrong.
pub(super) fn parameters(
    playbook: &Playbook,
    supplied: &Map<String, Value>,
    filled: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    playbook.resolve_with(supplied, filled).map_err(|problems| {
        let messages: Vec<_> = problems.iter().map(|one| one.message.clone()).collect();
        let fields: Vec<_> = problems
            .iter()
            .map(|one| Value::from(one.parameter.clone()))
            .collect();
        Refusal::bad_request(messages.join("; ")).about("parameters", fields)
    })
}
