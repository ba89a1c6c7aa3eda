//! One who cancels jobs and starts them again: after that they run as all others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use wire::client::{Client, Error};

use super::{Shared, clients::held};

/// One job after the other, each until it was started again.
pub(super) async fn retry(client: Client, ledger: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        let key = uuid::Uuid::new_v4().to_string();
        {
            let mut ledger = ledger.lock().expect("no panic");
            ledger.jobs.insert(key.clone(), None);
            ledger.retried.insert(key.clone(), false);
        }
        while !stop.load(SeqCst) {
            match start_anew(&client, &ledger, &key).await {
                Ok(()) => break,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        // What it makes has to be checked at the end, one by one.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Goes on from where the job is, whichever answer did not come: an ended job would run once more for each
/// retry.
async fn start_anew(client: &Client, ledger: &Shared, key: &str) -> Result<(), Error> {
    let id = client.submit(&held(ledger, key), Some(key)).await?.id;
    let note = |was_cancelled: bool| {
        let mut ledger = ledger.lock().expect("no panic");
        ledger.jobs.insert(key.to_owned(), Some(id.clone()));
        let before = ledger.retried.get_mut(key).expect("it was noted before");
        *before |= was_cancelled;
        *before
    };
    let is_cancelled = client.job(&id).await?.status == "cancelled";
    let was_cancelled = note(is_cancelled);
    match (was_cancelled, is_cancelled) {
        (true, false) => return Ok(()),
        (true, true) => {}
        (false, _) => {
            client.cancel(&id).await?;
            note(true);
        }
    }
    client.retry(&id).await?;
    ledger.lock().expect("no panic").answered += 1;
    Ok(())
}

/// Starts those again that were not yet.
pub(super) async fn settle_retries(client: &Client, ledger: &Shared) {
    let keys: Vec<String> = {
        let ledger = ledger.lock().expect("no panic");
        ledger.retried.keys().cloned().collect()
    };
    assert!(!keys.is_empty(), "none was started anew");
    for key in keys {
        let started = start_anew(client, ledger, &key).await;
        started.expect("the server answers");
    }
}
