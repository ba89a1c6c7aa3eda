//! `job submit`.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use wire::{
    client::Client,
    hooks::JobHook,
    jobs::{NewJob, RetryPolicy},
};

use super::{Follower, Outcome, Show, show::name, upload};
use crate::{
    args::{Priority, Submit},
    commands::connection::{self, first_contact, hold_on},
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
    signals::Signals,
};

/// A job that waits for so long makes us look whether anybody is there to run it.
const LONELY: Duration = Duration::from_secs(3);

/// The job's id, as soon as the server told it.
type Id = Arc<OnceLock<String>>;

pub(super) async fn run(submit: Submit) -> Result<Exit, Failure> {
    let mut signals =
        Signals::new().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let id = Id::default();
    let server = submit.address.server.clone();
    // A task of its own: a full pipe may block it, and Ctrl-C must work all the same.
    let mut work = tokio::spawn(perform(submit, Arc::clone(&id)));
    tokio::select! {
        exit = signals.next() => {
            say(&farewell(id.get().map(String::as_str), &server));
            Ok(exit)
        }
        end = &mut work => end.map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?,
    }
}

fn farewell(id: Option<&str>, server: &str) -> String {
    let Some(id) = id else {
        return "\ninterrupted before the server confirmed a job".to_owned();
    };
    let flag = match server {
        crate::args::DEFAULT_SERVER => String::new(),
        server => format!(" --server {server}"),
    };
    format!(
        "\ndetached; job {id} goes on\n  \
         watch it:  playhouse job logs{flag} --follow {id}\n  \
         cancel it: playhouse job cancel{flag} {id}"
    )
}

async fn perform(submit: Submit, known_id: Id) -> Result<Exit, Failure> {
    let client = connection::open(&submit.address)?;
    first_contact(&client).await?;
    let patience = submit.patience.reconnect_for;
    let job = new_job(&client, &submit).await?;
    // With a key of its own the submit can be repeated when the answer is lost.
    let key = submit
        .idempotency_key
        .clone()
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let submitted = hold_on(patience, || client.submit(&job, Some(&key))).await?;
    let id = known_id.get_or_init(|| submitted.id.clone());
    if submit.detach {
        if submit.json {
            print_json(&submitted)?;
        } else {
            print_line(id)?;
        }
        return Ok(Exit::OK);
    }
    say(&format!("job {id} submitted"));
    let lonely = tokio::spawn(tell_when_lonely(client.clone(), id.clone()));
    let show = if submit.json {
        Show::Nothing
    } else {
        Show::Both
    };
    let ended = Follower::new(&client, id, show, patience)
        .ended_job(patience)
        .await;
    lonely.abort();
    let job = ended?;
    let outcome = Outcome::of(&job);
    if submit.json {
        print_json(&job)?;
    }
    say(&outcome.line(id));
    Ok(outcome.exit)
}

/// The job that was asked for; uploads the program first if there is one.
async fn new_job(client: &Client, submit: &Submit) -> Result<NewJob, Failure> {
    let (binary_url, binary_sha256, source) = match (&submit.program, &submit.url, &submit.sha256) {
        (Some(program), ..) => {
            let patience = submit.patience.reconnect_for;
            let uploaded = upload::upload(client, program, patience).await?;
            let name = program
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (uploaded.binary_url, uploaded.binary_sha256, name)
        }
        (None, Some(url), Some(sha256)) => (url.clone(), sha256.clone(), url.clone()),
        _ => return Err(Failure::usage("give a PROGRAM, or --url with --sha256")),
    };
    let usual = if submit.detach {
        Priority::Background
    } else {
        Priority::Foreground
    };
    let pairs = |pairs: &[(String, String)]| {
        let pairs: BTreeMap<String, String> = pairs.iter().cloned().collect();
        (!pairs.is_empty()).then_some(pairs)
    };
    Ok(NewJob {
        job_type: submit
            .job_type
            .clone()
            .unwrap_or_else(|| upload::job_type_of(&source)),
        binary_url,
        binary_sha256,
        arguments: (!submit.arguments.is_empty()).then(|| submit.arguments.clone()),
        env_variables: pairs(&submit.env),
        priority: name(&submit.priority.unwrap_or(usual)),
        timeout_seconds: submit.timeout,
        max_attempts: submit.max_attempts,
        retry: submit.retry.then(RetryPolicy::default),
        not_before: submit.not_before,
        labels: pairs(&submit.label),
        webhook: submit.webhook.clone().map(JobHook::Url),
    })
}

/// Says so when the job waits because no executor is there. Failures are the follower's to tell.
async fn tell_when_lonely(client: Client, id: String) {
    tokio::time::sleep(LONELY).await;
    let (Ok(job), Ok(stats)) = (client.job(&id).await, client.stats().await) else {
        return;
    };
    if job.status == "pending" && stats.active_executors == 0 {
        say(
            "playhouse: the job waits: no executor is connected; start one with `playhouse executor`",
        );
    }
}
