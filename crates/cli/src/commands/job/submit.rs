//! `job submit`.

use std::{collections::BTreeMap, path::Path, time::Duration};

use wire::{
    client::Client,
    hooks::JobHook,
    jobs::{EnvVariable, JobFile, NewJob, RetryPolicy, SecretVariable, is_program_name},
};

use super::{ended, upload};
use crate::{
    args::{Priority, Submit, word},
    commands::{
        clock,
        connection::{self, first_contact, hold_on},
        outcome::AnyJob,
        run::Show,
        submission::{self, Farewell, Id, LONELY},
    },
    exit::{Exit, Failure},
    output::{print_json, say},
};

/// How often a followed job is looked at, should its executors go.
const LOOK_EVERY: Duration = Duration::from_secs(10);

const FAREWELL: Farewell = Farewell {
    noun: "job",
    watch: ("job logs", " --follow"),
    cancel: "job cancel",
};

pub(super) async fn run(submit: Submit) -> Result<Exit, Failure> {
    let server = submit.address.server.clone();
    submission::watched(&server, &FAREWELL, |id| perform(submit, id)).await
}

async fn perform(submit: Submit, known_id: Id) -> Result<Exit, Failure> {
    let client = connection::open(&submit.address)?;
    first_contact(&client).await?;
    let timeout = submit.reconnect.reconnect_for;
    let job = new_job(&client, &submit).await?;
    let key = submission::key(&submit.handover);
    let submitted = hold_on(timeout, || client.submit(&job, Some(&key))).await?;
    let id = known_id.get_or_init(|| submitted.id.clone());
    if submit.handover.detach {
        return submission::detached(id, &submitted, submit.json);
    }
    say(&format!("job {id} submitted"));
    let lonely = tokio::spawn(tell_when_lonely(client.clone(), id.clone()));
    let show = if submit.json {
        Show::Nothing
    } else {
        Show::Both
    };
    let job = ended(&client, id, show, timeout).await;
    lonely.abort();
    let job = job?;
    let outcome = job.outcome();
    if submit.json {
        print_json(&job)?;
    }
    say(&format!("job {id} {}", outcome.text));
    Ok(outcome.exit)
}

/// The job that was asked for; uploads the program first if there is one.
async fn new_job(client: &Client, submit: &Submit) -> Result<NewJob, Failure> {
    let (binary_url, binary_sha256, source) = match (&submit.program, &submit.url, &submit.sha256) {
        (Some(program), ..) if program.as_os_str() == "-" => {
            let timeout = submit.reconnect.reconnect_for;
            let uploaded = upload::upload_standard_input(client, timeout).await?;
            let name = "script".to_owned();
            (uploaded.binary_url, uploaded.binary_sha256, name)
        }
        (Some(program), ..) => {
            let timeout = submit.reconnect.reconnect_for;
            let shown = program.display().to_string();
            let uploaded = upload::upload_program(client, program, &shown, timeout).await?;
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
    let called = submit.program.is_some().then(|| source.clone());
    let called = called.filter(|name| is_program_name(name));
    let files = files(client, submit).await?;
    let usual = if submit.handover.detach {
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
        env_variables: values(&submit.env, &submit.secret_env),
        binary_headers: values(&submit.header, &submit.secret_header),
        program_name: submit.program_name.clone().or(called),
        files: (!files.is_empty()).then_some(files),
        allow: (!submit.allow.is_empty()).then(|| submit.allow.clone()),
        priority: word(&submit.priority.unwrap_or(usual)),
        timeout_seconds: submit.timeout,
        max_attempts: submit.max_attempts,
        max_retries: None,
        retry: submit.retry.then(RetryPolicy::default),
        not_before: submit.not_before.map(clock::at),
        labels: pairs(&submit.label),
        requires: pairs(&submit.require),
        cpus: submit.cpus,
        memory_mb: submit.memory_mb,
        webhook: submit.handover.webhook.clone().map(JobHook::Url),
    })
}

/// Variables of the program or headers of its download, those that are shown and those that are not.
fn values(
    plain: &[(String, String)],
    secret: &[(String, String)],
) -> Option<BTreeMap<String, EnvVariable>> {
    let plain = plain.iter().cloned();
    let plain = plain.map(|(name, text)| (name, EnvVariable::Text(text)));
    let secret = secret.iter().cloned();
    let secret =
        secret.map(|(name, secret)| (name, EnvVariable::Secret(SecretVariable { secret })));
    let all: BTreeMap<String, EnvVariable> = plain.chain(secret).collect();
    (!all.is_empty()).then_some(all)
}

/// The files that were asked for; uploads those of this machine.
async fn files(client: &Client, submit: &Submit) -> Result<BTreeMap<String, JobFile>, Failure> {
    let mut files = BTreeMap::new();
    for (name, from) in &submit.file {
        let url = if from.starts_with("http://") || from.starts_with("https://") {
            from.clone()
        } else {
            let timeout = submit.reconnect.reconnect_for;
            upload::upload(client, Path::new(from), from, timeout)
                .await?
                .binary_url
        };
        files.insert(name.clone(), JobFile::Url(url));
    }
    Ok(files)
}

/// Says so each time the job comes to wait because no executor is there. Failures are the follower's to
/// tell.
async fn tell_when_lonely(client: Client, id: String) {
    let (mut wait, mut told) = (LONELY, false);
    let mut lacking = None;
    loop {
        tokio::time::sleep(wait).await;
        wait = LOOK_EVERY;
        let job = match client.job(&id).await {
            Ok(job) => job,
            Err(error) if error.is_transient() => continue,
            Err(_) => return,
        };
        if job.status != "pending" {
            told = false;
            continue;
        }
        if job.placement_error != lacking {
            lacking.clone_from(&job.placement_error);
            if let Some(why) = &lacking {
                say(&format!("playhouse: the job waits: {why}"));
            }
        }
        if lacking.is_some() {
            continue;
        }
        let is_lonely = match client.stats().await {
            Ok(stats) => stats.active_executors == 0,
            Err(error) if error.is_transient() => continue,
            // A key may submit and not know of executors.
            Err(_) => return,
        };
        if is_lonely && !told {
            let before = match job.attempts.last() {
                Some(last) => format!("attempt {} ended as {}; ", job.attempts.len(), last.status),
                None => String::new(),
            };
            say(&format!(
                "playhouse: {before}the job waits: no executor is connected; start one with \
                 `playhouse executor`"
            ));
        }
        told = is_lonely;
    }
}
