//! `plugin-job submit`.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use wire::{client::Client, hooks::JobHook, plugin_jobs::NewPluginJob};

use super::{follow, outcome::Outcome};
use crate::{
    args::SubmitPlugins,
    commands::{
        connection::{self, first_contact, hold_on},
        plugin::read_input,
    },
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
    signals::Signals,
    table::plain,
};

/// A job that waits for so long makes us say so.
const LONELY: Duration = Duration::from_secs(3);

/// The job's id, as soon as the server told it.
type Id = Arc<OnceLock<String>>;

pub(super) async fn run(submit: SubmitPlugins) -> Result<Exit, Failure> {
    let mut signals =
        Signals::new().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let id = Id::default();
    // A task of its own: a full pipe may block it, and Ctrl-C must work all the same.
    let mut work = tokio::spawn(perform(submit, Arc::clone(&id)));
    tokio::select! {
        exit = signals.next() => {
            say(&match id.get() {
                Some(id) => format!("\ndetached; plugin job {id} goes on"),
                None => "\ninterrupted before the server confirmed a job".to_owned(),
            });
            Ok(exit)
        }
        end = &mut work => end.map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?,
    }
}

async fn perform(submit: SubmitPlugins, known_id: Id) -> Result<Exit, Failure> {
    let new = new_job(&submit)?;
    let client = connection::open(&submit.address)?;
    first_contact(&client).await?;
    let patience = submit.patience.reconnect_for;
    // With a key of its own the call can be repeated when the answer is lost.
    let key = submit
        .idempotency_key
        .clone()
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let created = hold_on(patience, || client.create_plugin_job(&new, Some(&key))).await?;
    let id = known_id.get_or_init(|| created.id.clone());
    let started = hold_on(patience, || client.start_plugin_job(id, 0)).await?;
    if submit.detach {
        if submit.json {
            print_json(&started)?;
        } else {
            print_line(id)?;
        }
        return Ok(Exit::OK);
    }
    say(&format!("plugin job {id} started"));
    let lonely = tokio::spawn(tell_when_lonely(client.clone(), id.clone()));
    let ended = follow::ended_job(&client, id, true, patience).await;
    lonely.abort();
    let job = ended?;
    if submit.json {
        print_json(&job)?;
    } else {
        let result = job.result.as_ref();
        result
            .iter()
            .flat_map(|result| &result.metrics)
            .try_for_each(print_json)?;
        for (plugin, summary) in result.iter().flat_map(|result| &result.summary) {
            say(&format!(
                "summary of {plugin}: {}",
                plain(&summary.to_string())
            ));
        }
    }
    let outcome = Outcome::of(&job);
    say(&format!("plugin job {id} {}", outcome.text));
    Ok(outcome.exit)
}

fn new_job(submit: &SubmitPlugins) -> Result<NewPluginJob, Failure> {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(NewPluginJob {
        input: read_input(&submit.input)?,
        timeout: submit.timeout.map(millis),
        retries: submit.retries,
        plugins: (!submit.plugins.is_empty()).then(|| submit.plugins.clone()),
        debug: submit.debug.then_some(true),
        webhook: submit.webhook.clone().map(JobHook::Url),
    })
}

/// Says so when the job waits: the executors that have its plugins are busy, or went away.
async fn tell_when_lonely(client: Client, id: String) {
    tokio::time::sleep(LONELY).await;
    if let Ok(progress) = client.plugin_job_progress(&id).await
        && progress.status == "queued"
    {
        say("playhouse: the job waits for an executor that has its plugins");
    }
}
