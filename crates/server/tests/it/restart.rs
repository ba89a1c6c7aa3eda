//! A server that was away: executors could not renew their leases, and are given the time.

use std::{path::Path, time::Duration};

use server::Running;
use wire::{
    client::Client,
    executors::{HeldLease, Renew},
};

use crate::tcp::{claim, job, settings};

const LEASE: Duration = Duration::from_secs(6);

async fn start(dir: &Path) -> (Running, Client) {
    let mut settings = settings(dir);
    settings.lease = LEASE;
    settings.scan = Duration::from_millis(50);
    let running = server::start(settings).await.expect("the server starts");
    let client = Client::http(running.public_url()).expect("a client");
    (running, client)
}

#[tokio::test]
async fn leases_that_ended_while_no_server_was_there_can_be_renewed_after_its_start() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    let id = client.submit(&job(), None).await.expect("accepted").id;
    let given = client.claim(&claim(0.0)).await.expect("an answer");
    running.stop().await;
    tokio::time::sleep(LEASE).await;
    let (running, client) = start(dir.path()).await;
    // Many looks at the leases.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let renew = Renew {
        leases: vec![HeldLease {
            run_id: id.clone(),
            token: given[0].lease_token.expect("a token"),
            seen: 0,
        }],
        wait_seconds: 0.0,
        ..Renew::default()
    };
    let renewed = client.renew("worker-1", &renew).await.expect("an answer");
    assert!(!renewed.leases[0].lost);
    // It lives as long as any other.
    tokio::time::sleep(LEASE / 2).await;
    let held = client.job(&id).await.expect("the job");
    assert_eq!((&*held.status, held.attempts.len()), ("running", 1));
    // An executor that does not come back in that time has lost it.
    let lost = async {
        while client.job(&id).await.expect("the job").status == "running" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::stream::DEADLINE, lost)
        .await
        .expect("it is taken away");
    let job = client.job(&id).await.expect("the job");
    assert_eq!(job.attempts[0].status, "lost");
    running.stop().await;
}
