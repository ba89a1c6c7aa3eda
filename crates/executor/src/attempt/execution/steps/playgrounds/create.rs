//! `playground.create`.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use playbook::beside;
use serde_json::{Map, Value, json};
use wire::{
    executors::{ComposeOfLibrary, CreateRequest, PlaygroundRequest},
    playgrounds::{IdOrName, NewPlayground},
};

use super::{done, judged, operated, output, services, without_secrets};
use crate::attempt::execution::call::{Done, StepCall, StepEnd, text};

/// How much of an execution's id is in the name of a playground that has no other.
const ID_LETTERS: usize = 12;

pub(in super::super) async fn create(call: &StepCall<'_>) -> Done {
    let request = PlaygroundRequest::Create(Box::new(request(call)?));
    let (asked, operation) = operated(call, request).await?;
    let playground = asked.playground.as_ref();
    let (_, output) = judged("the creation", &operation, playground, output(playground))?;
    if output.is_empty() {
        // It was destroyed before the step saw that it was there.
        return Err(StepEnd::failed("the playground was made and is gone again"));
    }
    done(output)
}

fn request(call: &StepCall<'_>) -> Result<CreateRequest, StepEnd> {
    let parameters = &call.parameters;
    let given = |name: &str| {
        parameters
            .optional_text(name)
            .filter(|text| !text.is_empty())
    };
    let (playspec, compose) = (given("playspec"), given("compose"));
    let compose = match (&playspec, compose) {
        (Some(_), _) => None,
        (None, Some(path)) => Some(pinned(call, &path)?),
        (None, None) => {
            return Err(StepEnd::refused("it has neither `playspec` nor `compose`"));
        }
    };
    let env: Map<String, Value> = parameters
        .texts("env")?
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let watched = parameters.list("watched_services")?;
    let watched = watched.map(|list| list.iter().map(text).collect::<Vec<_>>());
    let mut services = services(call)?;
    if let Some(branch) = given("branch") {
        for service in parameters.list("branch_of")?.into_iter().flatten() {
            let settings = services.entry(text(service)).or_default();
            let git = settings.git_config.get_or_insert_default();
            git.branch_name = Some(branch.clone());
        }
    }
    let subdomains: BTreeMap<String, String> =
        parameters.texts("subdomains")?.into_iter().collect();
    let playground = NewPlayground {
        name: Some(given("name").unwrap_or_else(|| default_name(call))),
        playspec_id: playspec.map(IdOrName),
        playroom_id: given("playroom").map(IdOrName),
        job_mode: Some(parameters.flag("job_mode", false)?),
        watched_services: watched,
        env_overrides: Some(env)
            .filter(|env| !env.is_empty())
            .and_then(|env| serde_json::from_value(env.into()).ok()),
        variables: super::variables(call)?,
        service_subdomains: Some(subdomains).filter(|given| !given.is_empty()),
        services: Some(services).filter(|services| !services.is_empty()),
        ..NewPlayground::default()
    };
    without_secrets(call, &kept(&playground))?;
    Ok(CreateRequest {
        playground,
        compose,
        ttl_ms: parameters.get("ttl").map(milliseconds).transpose()?,
    })
}

/// What the server keeps as it is.
fn kept(playground: &NewPlayground) -> Value {
    let mut kept = playground.clone();
    kept.env_overrides = None;
    for service in kept.services.iter_mut().flat_map(|all| all.values_mut()) {
        service.env_vars.clear();
    }
    json!(kept)
}

/// The same in every try of the step, and of no other execution.
fn default_name(call: &StepCall<'_>) -> String {
    let run = call.context.taken.id;
    let from = run.len().saturating_sub(ID_LETTERS);
    let end = run.get(from..).unwrap_or(run).to_lowercase();
    format!("{}-{end}", call.key)
}

/// A Compose file of the library as it was when the execution started.
fn pinned(call: &StepCall<'_>, path: &str) -> Result<ComposeOfLibrary, StepEnd> {
    let path = beside(&call.playbook, path);
    let found = call.context.input.files.get(&path);
    let sha256 = found.and_then(|file| file.sha256.clone());
    let sha256 = sha256.ok_or_else(|| {
        StepEnd::refused(format!(
            "the library had no file `{path}` when the execution started"
        ))
    })?;
    Ok(ComposeOfLibrary { path, sha256 })
}

/// A time such as `1h`, `90m` or a number of seconds.
fn milliseconds(value: &Value) -> Result<i64, StepEnd> {
    let written = text(value);
    let seconds = written.trim().parse::<f64>().ok();
    let time = match seconds {
        Some(seconds) => SignedDuration::try_from_secs_f64(seconds).ok(),
        None => written.parse::<SignedDuration>().ok(),
    };
    let time = time.filter(|time| time.is_positive());
    let time = time.and_then(|time| i64::try_from(time.as_millis()).ok());
    time.ok_or_else(|| {
        StepEnd::refused(format!(
            "parameter `ttl` is not a time such as 30m, 1h or 3600: {written}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::milliseconds;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (written, expected) in [
            (json!("1h"), Some(3_600_000)),
            (json!("90m"), Some(5_400_000)),
            (json!(30), Some(30_000)),
            (json!("1.5"), Some(1_500)),
            (json!("0s"), None),
            (json!("soon"), None),
            (json!(-1), None),
        ] {
            assert_eq!(milliseconds(&written).ok(), expected, "{written}");
        }
    }
}
