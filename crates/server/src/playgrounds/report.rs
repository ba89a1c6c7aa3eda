//! What operations need that rests sealed, and what they leave.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use engine::{Holder, Kind, RunId};
use serde::{Deserialize, Serialize};
use store::{
    Batch, Read,
    playgrounds::{self, LeftRevision, NewOutcome, RegistryRow, RevisionRow},
};
use wire::executors::operations::{
    AppliedRevision, JobOfPlayground, OperationAction, OperationInput, OperationOutcome,
    OperationSecrets, PlaygroundEnvironment, RegistryLogin, ServiceState,
};

use super::{GENERATED_PASSWORD, RevisionBody, RevisionSecrets, WantedEnvironment, sealed_name};
use crate::{app::App, refusal::Refusal, vault::Sealer};

/// Generated values of one playground at most, and the longest of them in bytes.
const VALUES_LIMIT: usize = 1_000;
const VALUE_LIMIT: usize = 8 << 10;

/// What rests sealed of an outcome.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OutcomeSecrets {
    pub(crate) compose_yaml: Option<String>,
    pub(crate) augmented_template: Option<String>,
    pub(crate) environment: Option<PlaygroundEnvironment>,
}

/// The input of an operation whose lease the holder owns.
fn input(
    read: &mut Read<'_, '_>,
    id: RunId,
    holder: &Holder,
    command: &'static str,
) -> Result<OperationInput, store::Error> {
    store::runs::owned(read, id, holder, command)?;
    if store::runs::kind(read, id)? != Kind::Operation {
        return Err(store::Error::NotFound(id));
    }
    let input = store::runs::input(read, id)?;
    serde_json::from_slice(&input)
        .map_err(|error| store::Error::Corrupt(format!("an operation's input: {error}")))
}

/// What rests sealed that an operation needs.
struct Sealed {
    input: OperationInput,
    generated: Vec<(String, Vec<u8>)>,
    registries: Vec<RegistryRow>,
    applied: Option<RevisionRow>,
    wanted: Option<RevisionRow>,
}

/// Opens what is secret about the playground of an operation.
pub(crate) async fn open_secrets(
    app: &App,
    id: RunId,
    holder: Holder,
) -> Result<OperationSecrets, Refusal> {
    let read = move |read: &mut Read<'_, '_>| {
        let input = input(read, id, &holder, "open secrets")?;
        let playground_id = input.playground.id;
        let row = playgrounds::find(read, playground_id)?;
        let applied = row
            .and_then(|row| row.applied)
            .map(|applied| applied.revision);
        let mut revision = |number: Option<i64>| match number {
            Some(number) => playgrounds::revision(read, playground_id, number),
            None => Ok(None),
        };
        Ok(Sealed {
            applied: revision(applied)?,
            wanted: revision(input.revision)?,
            generated: playgrounds::secrets(read, playground_id)?,
            registries: playgrounds::registries(read, input.playground.playspec_id)?,
            input,
        })
    };
    let sealed = app.store.read(read).await.map_err(not_owned)?;
    let sealer = app.vault.sealer(&app.store).await?;
    opened(sealer, sealed)
}

fn opened(sealer: &Sealer, sealed: Sealed) -> Result<OperationSecrets, Refusal> {
    let id = sealed.input.playground.id;
    let environment = match &sealed.input.sealed {
        None => WantedEnvironment::default(),
        Some(text) => {
            let bytes = STANDARD.decode(text).unwrap_or_default();
            sealer.open_of_playground(id, &bytes)?
        }
    };
    let mut generated = values(sealer, id, sealed.generated)?;
    let registries = sealed.registries.into_iter().filter_map(|row| {
        let secret = sealer.registry_secret(row.playspec_id, &row.sealed)?;
        Some(RegistryLogin {
            registry_type: row.registry_type,
            registry_url: row.registry_url,
            username: row.username,
            secret,
        })
    });
    Ok(OperationSecrets {
        env_overrides: environment.env_overrides,
        service_env: environment.service_env,
        variables: environment.variables,
        password: generated.remove(GENERATED_PASSWORD).unwrap_or_default(),
        generated,
        registries: registries.collect(),
        applied: sealed
            .applied
            .map(|row| revision(sealer, id, &row))
            .transpose()?,
        wanted: sealed
            .wanted
            .map(|row| revision(sealer, id, &row))
            .transpose()?,
    })
}

fn revision(sealer: &Sealer, id: i64, row: &RevisionRow) -> Result<AppliedRevision, Refusal> {
    let (body, secrets): (_, RevisionSecrets) = (
        RevisionBody::of(row)?,
        sealer.open_of_playground(id, &row.sealed)?,
    );
    Ok(AppliedRevision {
        revision: row.number,
        compose_yaml: secrets.compose_yaml,
        images: body.images,
        commits: body.commits,
        urls: body.urls,
        environment: secrets.environment,
        routes: secrets.routes,
    })
}

/// Opens generated values.
pub(crate) fn values(
    sealer: &Sealer,
    id: i64,
    sealed: Vec<(String, Vec<u8>)>,
) -> Result<BTreeMap<String, String>, Refusal> {
    let opened = sealed.into_iter().map(|(name, sealed)| {
        let value = sealer.open_of_playground(id, &sealed)?;
        Ok((name, value))
    });
    opened.collect()
}

/// Keeps values that an executor drew, unless there are some; answers those that count.
pub(crate) async fn keep_generated(
    app: &App,
    id: RunId,
    holder: Holder,
    drawn: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Refusal> {
    let fits = |(name, value): (&String, &String)| {
        !name.is_empty()
            && name.len() <= 255
            && !name.starts_with('@')
            && !name.contains('\0')
            && value.len() <= VALUE_LIMIT
    };
    if drawn.len() > VALUES_LIMIT || !drawn.iter().all(fits) {
        let message = format!(
            "values must be at most {VALUES_LIMIT}, each under the name of a variable and of at most {VALUE_LIMIT} bytes"
        );
        return Err(Refusal::field("values", message));
    }
    let (owner, now) = (holder.clone(), app.now_ms());
    let read = move |read: &mut Read<'_, '_>| input(read, id, &owner, "keep values");
    let target = app.store.read(read).await.map_err(not_owned)?.playground.id;
    let sealer = app.vault.sealer(&app.store).await?;
    let seal = |(name, value): (String, String)| (name, sealer.seal_of_playground(target, &value));
    let sealed: Vec<(String, Vec<u8>)> = drawn.into_iter().map(seal).collect();
    let work = move |batch: &mut Batch<'_, '_>| {
        store::runs::hold(batch, id, &holder, "keep values")?;
        if playgrounds::find(&mut batch.read(), target)?.is_none() {
            return Ok(Vec::new());
        }
        playgrounds::keep_generated(batch, target, &sealed, now)?;
        playgrounds::secrets(&mut batch.read(), target)
    };
    let kept = app.store.write(work).await.map_err(not_owned)?;
    let mut values = values(sealer, target, kept)?;
    values.remove(GENERATED_PASSWORD);
    Ok(values)
}

/// Stores what an operation left.
pub(crate) async fn stored_outcome(
    app: &App,
    id: RunId,
    holder: Holder,
    outcome: OperationOutcome,
) -> Result<(), Refusal> {
    let owner = holder.clone();
    let read = move |read: &mut Read<'_, '_>| {
        let input = input(read, id, &owner, "report")?;
        let target = input.revision.map(|number| (input.playground.id, number));
        let wanted = match target {
            Some((id, number)) => playgrounds::revision(read, id, number)?,
            None => None,
        };
        Ok((input, wanted))
    };
    let (input, wanted) = app.store.read(read).await.map_err(not_owned)?;
    // What a rollback applies is as old as its revision.
    let versions = match wanted {
        Some(row) => RevisionBody::of(&row)?.versions,
        None => input.versions,
    };
    let sealer = app.vault.sealer(&app.store).await?;
    let new = new_outcome(sealer, &input, versions, outcome, app.now_ms());
    let work = move |batch: &mut Batch<'_, '_>| playgrounds::report(batch, (id, &holder), &new);
    app.store.write(work).await.map_err(not_owned)
}

fn new_outcome(
    sealer: &Sealer,
    input: &OperationInput,
    versions: (i64, i64),
    mut outcome: OperationOutcome,
    now: i64,
) -> NewOutcome {
    let id = input.playground.id;
    let secrets = OutcomeSecrets {
        compose_yaml: outcome.compose_yaml.take(),
        augmented_template: outcome.augmented_template.take(),
        environment: outcome.environment.take(),
    };
    let routes = std::mem::take(&mut outcome.routes);
    let revision = (outcome.applied && !input.dry_run).then(|| LeftRevision {
        action: input.action.as_str().to_owned(),
        versions,
        body: json(&RevisionBody {
            images: outcome.images.clone(),
            commits: outcome.commits.clone(),
            urls: outcome.urls.clone(),
            versions,
        }),
        sealed: sealer.seal_of_playground(
            id,
            &RevisionSecrets {
                compose_yaml: secrets.compose_yaml.clone().unwrap_or_default(),
                environment: secrets.environment.clone().unwrap_or_default(),
                routes,
            },
        ),
    });
    let logs = std::mem::take(&mut outcome.logs);
    let kept = input.action == OperationAction::Destroy && !outcome.dirty.is_empty();
    NewOutcome {
        playground_id: id,
        removed: outcome.removed && input.action == OperationAction::Destroy,
        dirty: kept.then(|| plain(&serde_json::json!(outcome.dirty).to_string())),
        observed: outcome
            .services
            .as_ref()
            .map(|services: &Vec<ServiceState>| json(services)),
        job: outcome.job.as_ref().map(|job: &JobOfPlayground| json(job)),
        logs: logs
            .into_iter()
            .map(|log| (plain(&log.service), json(&log.lines)))
            .collect(),
        body: json(&outcome),
        sealed: sealer.seal(&sealed_name(id), &json(&secrets)),
        revision,
        now,
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and JSON values have a JSON form.
    serde_json::to_vec(value).unwrap_or_default()
}

/// A text for a column that takes no NUL.
fn plain(text: &str) -> String {
    text.replace('\0', "")
}

/// A run whose lease the caller does not own counts as not found.
fn not_owned(error: store::Error) -> Refusal {
    Refusal::from(error).or_not_owned()
}
