//! Those who submit, cancel and perform while the server is killed, and note what they are told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use wire::{
    client::Client,
    executors::{Exchange, OutputChunk, ResultOutcome, RunResult},
    jobs::{Claim, Job, NewJob, Stream},
};

use super::{Ledger, Program, Shared};

pub(super) fn job(ledger: &Shared, key: &str) -> NewJob {
    let Program { url, sha256 } = ledger.lock().expect("no panic").program.clone();
    NewJob {
        job_type: "kill".to_owned(),
        binary_url: url,
        binary_sha256: sha256,
        arguments: Some(vec![key.to_owned()]),
        priority: "background".to_owned(),
        max_attempts: Some(1000),
        ..NewJob::default()
    }
}

/// Submits one job after the other, each until there is an answer: with its key that makes no second
/// job.
pub(super) async fn submit(client: Client, ledger: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        let key = uuid::Uuid::new_v4().to_string();
        let note = |id| {
            ledger
                .lock()
                .expect("no panic")
                .jobs
                .insert(key.clone(), id)
        };
        note(None);
        while !stop.load(SeqCst) {
            if let Ok(submitted) = client.submit(&job(&ledger, &key), Some(&key)).await {
                note(Some(submitted.id));
                ledger.lock().expect("no panic").answered += 1;
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Submits jobs that are not to start before the end of time, and cancels each.
pub(super) async fn cancel(client: Client, ledger: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        let key = uuid::Uuid::new_v4().to_string();
        {
            let mut ledger = ledger.lock().expect("no panic");
            ledger.jobs.insert(key.clone(), None);
            ledger.cancelled.insert(key.clone(), false);
        }
        while !stop.load(SeqCst) {
            if let Ok(submitted) = client.submit(&held(&ledger, &key), Some(&key)).await {
                let id = submitted.id.clone();
                let noted = |ledger: &mut Ledger| ledger.jobs.insert(key.clone(), Some(id.clone()));
                noted(&mut ledger.lock().expect("no panic"));
                if client.cancel(&id).await.is_ok() {
                    let mut ledger = ledger.lock().expect("no panic");
                    ledger.cancelled.insert(key.clone(), true);
                    ledger.answered += 1;
                }
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A job that nobody runs.
pub(super) fn held(ledger: &Shared, key: &str) -> NewJob {
    NewJob {
        not_before: Some(wire::Timestamp(32_000_000_000_000)),
        ..job(ledger, key)
    }
}

pub(super) async fn perform(client: Client, number: usize, ledger: Shared, stop: Arc<AtomicBool>) {
    let name = format!("executor-{number}");
    while !stop.load(SeqCst) {
        let claim = Claim {
            executor_id: name.clone(),
            executor_ip: "127.0.0.1".to_owned(),
            max: Some(3),
            wait_seconds: Some(0.1),
        };
        let jobs = match client.claim(&claim).await {
            Ok(jobs) => jobs,
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
        };
        for job in &jobs {
            print(&client, &name, job, &ledger).await;
        }
        let mut results: Vec<RunResult> = jobs
            .into_iter()
            .map(|job| RunResult {
                stdout: job.arguments.concat(),
                exit_code: Some(0),
                ..RunResult::new(&job.id, token(&job), ResultOutcome::Completed)
            })
            .collect();
        {
            let mut ledger = ledger.lock().expect("no panic");
            let mine = |result: &mut (usize, RunResult)| result.0 == number;
            results.extend(
                ledger
                    .outstanding
                    .extract_if(.., mine)
                    .map(|(_, result)| result),
            );
        }
        report(&client, &name, number, results, &ledger).await;
    }
}

fn token(job: &Job) -> i64 {
    job.lease_token.expect("a claim gives a token")
}

/// Sends what the job prints, once.
async fn print(client: &Client, name: &str, job: &Job, ledger: &Shared) {
    let token = token(job);
    let chunk = OutputChunk {
        stream: Stream::Stdout,
        offset: 0,
        executor: name.to_owned(),
        token,
    };
    let text = job.arguments.concat().into();
    if client.send_output(&job.id, &chunk, text).await.is_ok() {
        let mut ledger = ledger.lock().expect("no panic");
        ledger.printed.insert(job.id.clone(), token);
        ledger.answered += 1;
    }
}

async fn report(
    client: &Client,
    name: &str,
    number: usize,
    results: Vec<RunResult>,
    ledger: &Shared,
) {
    if results.is_empty() {
        return;
    }
    let answer = client
        .exchange(
            name,
            &Exchange {
                results: results.clone(),
                claim: None,
            },
        )
        .await;
    let mut ledger = ledger.lock().expect("no panic");
    match answer {
        Ok(answer) => {
            for (answer, result) in answer.results.iter().zip(results) {
                if answer.accepted {
                    ledger
                        .finished
                        .entry(result.run_id)
                        .or_default()
                        .insert(result.token);
                    ledger.answered += 1;
                }
            }
        }
        Err(_) => ledger
            .outstanding
            .extend(results.into_iter().map(|result| (number, result))),
    }
}
