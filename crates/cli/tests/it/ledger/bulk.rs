//! One who submits several jobs at once and uploads programs, in turn, and what is checked of both.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use futures_util::TryStreamExt;
use http::Request;
use wire::{
    client::{Client, Http, Payload, Transport},
    jobs::{BulkSubmittedJob, NewJob},
};

use super::{Shared, clients::job};

/// Jobs of one submit.
const EACH: usize = 3;
const UPLOAD_BYTES: usize = 64 << 10;
/// A test with a small disk has room for so many.
const UPLOADS: usize = 100;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

/// Each is repeated until there is an answer.
pub(super) fn submit_and_upload(
    url: &str,
    ledger: Shared,
    stop: Arc<AtomicBool>,
) -> impl Future<Output = ()> + Send + 'static {
    let client = Client::http(url).expect("the URL is good");
    let http = Http::new(url).expect("the URL is good");
    async move {
        while !stop.load(SeqCst) {
            upload(&client, &ledger, &stop).await;
            let key = uuid::Uuid::new_v4().to_string();
            let note = |ids| {
                let mut ledger = ledger.lock().expect("no panic");
                ledger.bulks.insert(key.clone(), ids)
            };
            note(None);
            while !stop.load(SeqCst) {
                if let Some(ids) = submit(&http, &ledger, &key).await {
                    note(Some(ids));
                    ledger.lock().expect("no panic").answered += 1;
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            // What it makes has to be checked at the end, one by one.
            tokio::time::sleep(4 * PAUSE).await;
        }
    }
}

async fn upload(client: &Client, ledger: &Shared, stop: &AtomicBool) {
    if ledger.lock().expect("no panic").uploads.len() >= UPLOADS {
        return;
    }
    // No two are alike.
    let text = uuid::Uuid::new_v4().to_string();
    let program = text.repeat(UPLOAD_BYTES / text.len()).into_bytes();
    while !stop.load(SeqCst) {
        if let Ok(uploaded) = client.upload(Payload::Bytes(program.clone().into())).await {
            let mut ledger = ledger.lock().expect("no panic");
            ledger.uploads.insert(uploaded.binary_sha256, program);
            ledger.answered += 1;
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The keys of the jobs of one submit: what they print.
fn keys(key: &str) -> [String; EACH] {
    std::array::from_fn(|number| format!("{key}-{number}"))
}

/// The ids of the jobs, when they were accepted.
async fn submit(http: &Http, ledger: &Shared, key: &str) -> Option<Vec<String>> {
    let jobs: Vec<NewJob> = keys(key).iter().map(|one| job(ledger, one)).collect();
    let body = serde_json::to_vec(&jobs).expect("it is JSON");
    let request = Request::post("/api/v1/jobs/bulk")
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Payload::Bytes(body.into()));
    let answer = http.send(request.expect("a request")).await.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    let pieces: Vec<_> = answer.into_body().try_collect().await.ok()?;
    let jobs: Vec<BulkSubmittedJob> = serde_json::from_slice(&pieces.concat()).ok()?;
    Some(jobs.into_iter().map(|job| job.id).collect())
}

/// Sends every bulk submit once more, answered or not: an answer stays what it was, and all jobs are
/// noted as if each had been submitted by itself.
pub(super) async fn settle_bulks(url: &str, ledger: &Shared) {
    let http = Http::new(url).expect("the URL is good");
    let bulks = ledger.lock().expect("no panic").bulks.clone();
    assert!(bulks.values().any(Option::is_some), "none was acknowledged");
    for (key, before) in bulks {
        let ids = submit(&http, ledger, &key).await;
        let ids = ids.expect("the server answers");
        assert_eq!(ids.len(), EACH);
        assert!(before.is_none_or(|before| before == ids), "other jobs");
        let jobs = keys(&key).into_iter().zip(ids.into_iter().map(Some));
        ledger.lock().expect("no panic").jobs.extend(jobs);
    }
}

/// What was uploaded is there, as it was.
pub(super) async fn check_uploads(client: &Client, ledger: &Shared) {
    let uploads = ledger.lock().expect("no panic").uploads.clone();
    assert!(!uploads.is_empty(), "none was acknowledged");
    for (sha256, program) in uploads {
        let path = format!("/api/v1/binaries/{sha256}");
        let found = client.download(&path).await.expect("it is there");
        let pieces: Vec<_> = found.into_body().try_collect().await.expect("all of it");
        assert!(pieces.concat() == program, "{sha256} is something else");
    }
}
