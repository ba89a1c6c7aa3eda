//! `plugin-job submit`.

use std::time::Duration;

use wire::{client::Client, hooks::JobHook, plugin_jobs::NewPluginJob};

use super::{follow, show};
use crate::{
    args::SubmitPlugins,
    commands::{
        connection::{self, first_contact, hold_on},
        input,
        outcome::AnyJob,
        submission::{self, Farewell, Id, LONELY},
    },
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
};

const FAREWELL: Farewell = Farewell {
    noun: "plugin job",
    watch: ("plugin-job wait", ""),
    cancel: "plugin-job cancel",
};

pub(super) async fn run(submit: SubmitPlugins) -> Result<Exit, Failure> {
    let server = submit.address.server.clone();
    submission::watched(&server, &FAREWELL, |id| perform(submit, id)).await
}

async fn perform(submit: SubmitPlugins, known_id: Id) -> Result<Exit, Failure> {
    let new = new_job(&submit)?;
    let client = connection::open(&submit.address)?;
    first_contact(&client).await?;
    let timeout = submit.reconnect.reconnect_for;
    let key = submission::key(&submit.handover);
    let created = hold_on(timeout, || client.create_plugin_job(&new, Some(&key))).await?;
    let id = known_id.get_or_init(|| created.id.clone());
    let started = hold_on(timeout, || client.start_plugin_job(id, 0)).await?;
    if submit.handover.detach {
        return submission::detached(id, &started, submit.json);
    }
    say(&format!("plugin job {id} started"));
    let lonely = tokio::spawn(tell_when_lonely(client.clone(), id.clone()));
    let ended = follow::ended_job(&client, id, true, timeout).await;
    lonely.abort();
    let job = ended?;
    if submit.json {
        print_json(&job)?;
    } else {
        print_bytes(show::results(&job).text().as_bytes())?;
    }
    let outcome = job.outcome();
    say(&format!("plugin job {id} {}", outcome.text));
    Ok(outcome.exit)
}

fn new_job(submit: &SubmitPlugins) -> Result<NewPluginJob, Failure> {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(NewPluginJob {
        input: input::read(&submit.input)?,
        timeout: submit.timeout.map(millis),
        retries: submit.retries,
        plugins: (!submit.plugins.is_empty()).then(|| submit.plugins.clone()),
        debug: submit.debug.then_some(true),
        webhook: submit.handover.webhook.clone().map(JobHook::Url),
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
