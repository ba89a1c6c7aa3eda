//! A playbook is started.

use axum::{extract::State, http::HeaderMap};
use engine::{Kind, NewRun, Priority, RunId};
use serde_json::{Map, Value};
use store::{audit::Target, credentials::CredentialRow, runs::Submission};
use wire::{
    Object,
    playbooks::{ExecutionInput, NewExecution, OWN_CREDENTIAL, StartedExecution},
};

use super::{
    super::{credentials::missing, view},
    autofill,
};
use crate::{
    app::App,
    audit::AuditContext,
    http::{body, check, json},
    kinds,
    library::playbook_path,
    refusal::Refusal,
    runs::submit,
};

const PARAMETERS_LIMIT: usize = 50;
const PARAMETER_NAME_LIMIT: usize = 255;

/// Starts a playbook with everything that it reaches as it is now: what changes in the library afterwards
/// does not change the execution. It is on disk when this answers.
#[utoipa::path(post, path = "/api/executions", tag = "executions", request_body = NewExecution,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same execution, no second one")),
    responses((status = 200, description = "Started", body = StartedExecution),
        (status = 400, description = "A field or a parameter is wrong"),
        (status = 404, description = "No such playbook or credential")))]
pub(crate) async fn start(
    State(app): State<App>,
    audit_context: AuditContext,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Result<axum::Json<StartedExecution>, Refusal> {
    let key = submit::idempotency_key(&headers)?;
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let Object::<NewExecution>(new) = json::parse_within(&bytes, json::HANDED_ON_DEPTH_LIMIT)?;
    // Keys of other contracts are other keys.
    let key = key.map(|key| (format!("executions {key}"), submit::hash(&bytes)));
    // The playbook may have changed or gone since the first time.
    if let Some(before) = started_before(&app, key.clone()).await? {
        return Ok(before);
    }
    let (name, submission) = submission(&app, new).await?;
    let target = Target::runs(Kind::Execution.as_str(), &[submission.run.id]);
    let entry = audit_context.entry(app.now_ms(), target);
    let id = submit::enter(&app, vec![submission], key, entry).await?.ids[0];
    Ok(started(id, name))
}

fn started(id: RunId, playbook_name: String) -> axum::Json<StartedExecution> {
    axum::Json(StartedExecution {
        execution_id: id.to_string(),
        playbook_name,
        status: "started".to_owned(),
        message: format!("Execution started with ID: {id}"),
    })
}

/// The execution that was started under this key.
async fn started_before(
    app: &App,
    key: Option<(String, Vec<u8>)>,
) -> Result<Option<axum::Json<StartedExecution>>, Refusal> {
    let Some((key, hash)) = key else {
        return Ok(None);
    };
    let found = app.store.read(move |read| {
        let Some(before) = store::runs::repeated(read, &key, &hash)? else {
            return Ok(None);
        };
        let id = before.ids[0];
        match store::runs::details(read, id) {
            Ok(details) => Ok(Some((id, details.run.name))),
            // It was deleted meanwhile.
            Err(store::Error::NotFound(_)) => Ok(Some((id, String::new()))),
            Err(error) => Err(error),
        }
    });
    Ok(found.await?.map(|(id, name)| started(id, name)))
}

/// The run of a start, and what its playbook is called.
async fn submission(app: &App, new: NewExecution) -> Result<(String, Submission), Refusal> {
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
    for name in playbook.credential_parameters() {
        if let Some(Value::String(name)) = parameters.get(name) {
            named(app, name).await?;
        }
    }
    let id = app.clock.run_id();
    let secrets = autofill::take_secrets(&mut parameters, playbook);
    let sealed_parameters = match secrets.is_empty() {
        true => None,
        false => Some(app.vault.sealer(&app.store).await?.seal_own(id, &secrets)),
    };
    let gateway_url = new.gateway_url;
    let gateway_url = gateway_url.or_else(|| credential.and_then(|one| one.gateway_url));
    let (playbooks, bundle) = app.library.bundle(&found).await?;
    let mut credentials = bundle.credentials(&parameters);
    credentials.remove(OWN_CREDENTIAL);
    let input = ExecutionInput {
        playbook_path: found.path.as_str().to_owned(),
        domain: playbook.domain.clone(),
        steps: view::steps(playbook),
        playbooks,
        parameters,
        sealed_parameters,
        credentials,
        gateway_url,
        credential_name: new.credential_name,
        debug_mode: new.debug_mode.unwrap_or(false),
        timeout_overrides: new.timeout_overrides.unwrap_or_default(),
    };
    let name = playbook.name.clone();
    let queue = kinds::of(Kind::Execution).queues.queue(&[]);
    let run = NewRun {
        // A person waits for most of them.
        priority: Priority::Foreground,
        ..NewRun::new(id, Kind::Execution, &name, &queue)
    };
    let submission = Submission {
        run,
        // Strings and JSON values have a JSON form.
        input: serde_json::to_vec(&input).unwrap_or_default(),
        labels: new.labels,
        blobs: Vec::new(),
        hook: None,
    };
    Ok((name, submission))
}

/// The credential of this name.
async fn named(app: &App, name: &str) -> Result<CredentialRow, Refusal> {
    let wanted = name.to_owned();
    let found = app
        .store
        .read(move |read| store::credentials::find(read, &wanted));
    found.await?.ok_or_else(|| missing(name))
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
fn parameters(
    playbook: &playbook::Playbook,
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
