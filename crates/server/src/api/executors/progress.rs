//! How far a run is: the note from which a new attempt goes on.

use axum::extract::State;
use engine::Kind;
use serde_json::{Value, json};
use store::{Batch, runs::PartReport};
use wire::{
    executors::{Advanced, EndedPlugin, Fact, Progress, ProgressReport, Stage},
    plugin_jobs::Config,
};

use super::{claimed::signals, holder, refuse};
use crate::{
    access::ExecutorIdentity,
    api::plugin_jobs::{Note, config},
    app::App,
    http::extract::{Json, PathRunId},
    refusal::Refusal,
};

/// What is kept of why a plugin failed, in bytes.
const ERROR_LIMIT: usize = 16 * 1024;
/// What the event log is told of it.
const TOLD_ERROR_LIMIT: usize = 1_024;
/// A metric that is longer stands in the job only, not in the event log.
const TOLD_METRIC_LIMIT: usize = 16 * 1024;

/// Replaces the note of how far a plugin job is, and tells what happened to a plugin. The same report
/// again changes nothing.
#[utoipa::path(put, path = "/api/runs/{id}/progress", tag = "executors",
    request_body = ProgressReport, params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "On disk", body = Advanced),
        (status = 400, description = "It does not follow from what was noted before"),
        (status = 404, description = "No such plugin job, or not held by the caller")))]
pub(crate) async fn note(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(report): Json<ProgressReport>,
) -> Result<axum::Json<Advanced>, Refusal> {
    let holder = holder(&identity, &report.executor, report.token)?;
    let mut note = Note {
        fact: report.fact,
        progress: report.progress,
    };
    for plugin in &mut note.progress.ended {
        for why in [&mut plugin.error, &mut plugin.skipped]
            .into_iter()
            .flatten()
        {
            why.truncate(why.floor_char_boundary(ERROR_LIMIT));
        }
    }
    // It was JSON before: it has a JSON form.
    let body = serde_json::to_vec(&note).unwrap_or_default();
    // It never changes, and may be long: everybody's commits would wait for it.
    let config = app
        .store
        .read(move |read| Ok(config(&store::runs::input(read, id)?)))
        .await
        .map_err(refuse)?;
    let now = app.now_ms();
    let work = move |batch: &mut Batch<'_, '_>| {
        let run = store::runs::hold(batch, id, &holder, "checkpoint")?;
        if run.kind != Kind::PluginJob {
            return Err(store::Error::NotFound(id));
        }
        let config = config.as_ref();
        let config = config.map_err(|error| store::Error::Corrupt(error.to_string()))?;
        let advanced = Advanced {
            signals: signals(run.signals),
        };
        let before = store::runs::state(&mut batch.read(), id)?;
        let starts = |fact: &Fact| fact.stage == Stage::Started;
        if before.as_ref() == Some(&body) && !note.fact.as_ref().is_some_and(starts) {
            return Ok(Ok(advanced));
        }
        let before = before.map(|body| Note::parse(&body)).transpose()?;
        let before = before.map(|note| note.progress).unwrap_or_default();
        if let Err(wrong) = follows(&before, &note, config) {
            return Ok(Err(wrong));
        }
        let part = part(&note, config);
        store::runs::advance(
            batch,
            id,
            holder.clone(),
            part.as_slice(),
            Some(&body),
            0,
            now,
        )?;
        Ok(Ok(advanced))
    };
    let noted = app.store.write(work).await;
    match noted.map_err(refuse)? {
        Ok(advanced) => Ok(axum::Json(advanced)),
        Err((field, message)) => Err(Refusal::bad_request(format!("{field}: {message}"))),
    }
}

type FieldError = (&'static str, String);

/// Whether a note may stand after `before`: plugins end once, one at a time, and each end is told. So
/// a job has no more ends than plugins, and each is in its event log.
fn follows(before: &Progress, note: &Note, config: &Config) -> Result<(), FieldError> {
    ends(before, &note.progress, config)?;
    let current = note.progress.current.as_ref();
    if let Some(current) = current {
        let mut ended = note.progress.ended.iter();
        if !config.plugins.contains(&current.plugin)
            || ended.any(|one| one.plugin == current.plugin)
        {
            let message = "must be a plugin of the job that has not ended";
            return Err(("progress.current", message.to_owned()));
        }
    }
    let (ended, more) = (
        &note.progress.ended,
        note.progress.ended.len() - before.ended.len(),
    );
    let (fits, message) = match &note.fact {
        Some(fact) if fact.stage == Stage::Started => (
            more == 0 && current.is_some_and(|current| current.plugin == fact.plugin),
            "a plugin that started must be the current one",
        ),
        Some(fact) => (
            more == 1 && ended.last().is_some_and(|last| is_told(last, fact)),
            "a plugin that ended must be the only one more that did",
        ),
        None => (more == 0, "the end of a plugin must be told"),
    };
    if fits {
        Ok(())
    } else {
        Err(("fact", message.to_owned()))
    }
}

/// Whether the list of plugins that ended goes on from what it was.
fn ends(before: &Progress, now: &Progress, config: &Config) -> Result<(), FieldError> {
    let wrong = |message: String| Err(("progress.ended", message));
    let same = |(before, now): (&EndedPlugin, &EndedPlugin)| {
        (&before.plugin, before.stage()) == (&now.plugin, now.stage())
    };
    let ended = &now.ended;
    if ended.len() < before.ended.len() || !before.ended.iter().zip(ended).all(same) {
        return wrong("must begin with the plugins that ended before".to_owned());
    }
    for (place, one) in ended.iter().enumerate() {
        if !config.plugins.contains(&one.plugin) {
            return wrong(format!("the job has no plugin `{}`", one.plugin));
        }
        if one.skipped.is_some() && !config.skip_unfit {
            let message = format!(
                "the job names plugin `{}`, which so cannot be skipped",
                one.plugin
            );
            return wrong(message);
        }
        if ended[..place]
            .iter()
            .any(|other| other.plugin == one.plugin)
        {
            return wrong(format!("plugin `{}` ended twice", one.plugin));
        }
    }
    Ok(())
}

fn is_told(last: &EndedPlugin, fact: &Fact) -> bool {
    fact.plugin == last.plugin && fact.stage == last.stage()
}

/// What a note says of the plugin that it is about.
fn part(note: &Note, config: &Config) -> Option<PartReport> {
    let Progress { current, ended, .. } = &note.progress;
    let (stage, plugin) = match &note.fact {
        Some(fact) => (fact.stage, &fact.plugin),
        None => (Stage::Started, &current.as_ref()?.plugin),
    };
    let ended = ended.last().filter(|_| stage != Stage::Started);
    let tries = current
        .as_ref()
        .map_or(0, |current| current.failed_tries + 1);
    let place = config.plugins.iter().position(|name| name == plugin)?;
    Some(PartReport {
        number: i64::try_from(place).ok()? + 1,
        name: plugin.clone(),
        path: String::new(),
        stage: match stage {
            Stage::Started => engine::Stage::Started,
            Stage::Completed => engine::Stage::Completed,
            Stage::Failed => engine::Stage::Failed,
            Stage::Skipped => engine::Stage::Skipped,
            Stage::Cancelled => engine::Stage::Cancelled,
            Stage::Interrupted => engine::Stage::Interrupted,
        },
        tries: tries.into(),
        body: Vec::new(),
        event_data: ended.map_or_else(String::new, |ended| event_data(ended).to_string()),
    })
}

fn event_data(ended: &EndedPlugin) -> Value {
    let short = |why: &str| Value::from(&why[..why.floor_char_boundary(TOLD_ERROR_LIMIT)]);
    if let Some(reason) = &ended.skipped {
        return json!({"reason": short(reason)});
    }
    let mut event_data = json!({"took_ms": ended.took_ms, "failed_tries": ended.failed_tries});
    if let Some(error) = &ended.error {
        event_data["error"] = short(error);
    }
    if let Some(metric) = &ended.metric
        && metric.to_string().len() <= TOLD_METRIC_LIMIT
    {
        event_data["metric"] = metric.clone();
    }
    event_data
}
