//! Reports results in batches, until they are accepted or their lease is lost, and claims runs for the places
//! that they leave, in the same request.

use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, mpsc::UnboundedReceiver},
    time::{Instant, timeout},
};
use wire::{
    client::{Client, Error},
    executors::{Exchange, ResultAnswer, RunResult},
};

use super::{Agent, Backoff, Held};
use crate::attempt::Unsent;

/// The most results of one call: what the protocol allows.
const BATCH: usize = 1000;

/// Text of one call, at most (a single result may have more).
const BATCH_BYTES: usize = 4 << 20;

/// How often a server that is there is asked to take the last output.
const OUTPUT_TRIES: u32 = 5;

/// How long one call for the last output may take.
const OUTPUT_LIMIT: Duration = Duration::from_secs(10);

/// The end of an attempt, with its lease, which is renewed until this is dropped.
pub(super) struct Finished {
    pub(super) result: RunResult,
    /// Output that the server was away for; it takes none after the result.
    pub(super) unsent: VecDeque<Unsent>,
    pub(super) held: Held,
    /// Its place, in which the next run may be claimed.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// Reports what comes, until the queue is closed and empty. Whatever comes during a call goes into
/// the next one.
pub(super) async fn report(agent: Arc<Agent>, queue: Arc<Mutex<UnboundedReceiver<Finished>>>) {
    let (client, executor) = (&agent.client, &agent.settings.name);
    let mut waiting = Vec::new();
    let mut backoff = Backoff::default();
    let mut unwilling = 0;
    loop {
        if waiting.is_empty() && queue.lock().await.recv_many(&mut waiting, BATCH).await == 0 {
            return;
        }
        if let Ok(mut queue) = queue.try_lock() {
            while let Ok(more) = queue.try_recv() {
                waiting.push(more);
            }
        }
        let count = first_batch(&waiting);
        let sent = send_output(client, &mut waiting[..count], unwilling < OUTPUT_TRIES).await;
        unwilling += u32::from(matches!(sent, Err(NotSent::Unwilling(_))));
        if let Err(NotSent::Away(error) | NotSent::Unwilling(error)) = sent {
            if backoff.is_first() {
                tracing::warn!(%error, waiting = waiting.len(), "results have to wait");
            }
            backoff.wait().await;
            waiting.retain(|one| !one.held.is_lost());
            continue;
        }
        unwilling = 0;
        let batch = &waiting[..count];
        let places = batch.iter().filter(|one| one.place.is_some()).count();
        let exchange = Exchange {
            results: batch.iter().map(|one| one.result.clone()).collect(),
            claim: agent.claim(places, None),
        };
        let asked = Instant::now();
        match client.exchange(executor, &exchange).await {
            Ok(answer) => {
                if let Some(away) = backoff.succeed() {
                    tracing::info!(?away, "results are accepted again");
                }
                answer
                    .results
                    .iter()
                    .filter(|one| !one.accepted)
                    .for_each(refused);
                let ended = waiting.drain(..count).filter_map(|one| one.place);
                let places = ended.reduce(|mut places, place| {
                    places.merge(place);
                    places
                });
                agent.receive(answer, asked, places).await;
            }
            Err(error) if error.is_transient() => {
                if backoff.is_first() {
                    tracing::warn!(%error, waiting = waiting.len(), "results have to wait");
                }
                backoff.wait().await;
                waiting.retain(|one| !one.held.is_lost());
            }
            Err(error) => {
                tracing::error!(%error, "the server refused results: they are sent one by one");
                report_singly(client, executor, batch).await;
                waiting.drain(..count);
            }
        }
    }
}

/// Why the output that waits with results is not sent.
enum NotSent {
    /// The server is away.
    Away(Error),
    /// It is there, and does not take the output now.
    Unwilling(Error),
}

/// Sends the output that waits with results. Without patience a server that is there and does not take
/// it now does not hold the results up.
async fn send_output(
    client: &Client,
    batch: &mut [Finished],
    patient: bool,
) -> Result<(), NotSent> {
    let mut reached = false;
    for one in batch {
        while let Some(unsent) = one.unsent.front() {
            if !reached {
                match within(client.health()).await {
                    Err(error @ Error::Unreachable(_)) => return Err(NotSent::Away(error)),
                    Ok(_) | Err(_) => reached = true,
                }
            }
            // What the disk does not give back is a gap.
            let Some(bytes) = unsent.bytes.read() else {
                one.unsent.pop_front();
                continue;
            };
            match within(client.send_output(&one.result.run_id, &unsent.chunk, bytes)).await {
                Ok(()) => {
                    one.unsent.pop_front();
                }
                Err(error) if error.is_transient() && patient => {
                    return Err(NotSent::Unwilling(error));
                }
                Err(error) if error.is_transient() => {
                    tracing::warn!(run_id = one.result.run_id, %error, "the last output is not sent");
                    return Ok(());
                }
                Err(error) => {
                    tracing::debug!(run_id = one.result.run_id, %error, "output is not wanted");
                    one.unsent.clear();
                }
            }
        }
    }
    Ok(())
}

async fn within<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = || Err(Error::Unreachable("it was not answered".to_owned()));
    timeout(OUTPUT_LIMIT, call).await.unwrap_or_else(|_| late())
}

/// How many of the waiting results go into one call.
fn first_batch(waiting: &[Finished]) -> usize {
    let mut bytes = 0;
    let fits = waiting.iter().take(BATCH).take_while(|one| {
        bytes += one.result.stdout.len() + one.result.stderr.len();
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
}

/// One result that the server does not understand must not stand in the way of the others.
async fn report_singly(client: &Client, executor: &str, batch: &[Finished]) {
    for one in batch {
        let results = Exchange {
            results: vec![one.result.clone()],
            claim: None,
        };
        let mut backoff = Backoff::default();
        loop {
            match client.exchange(executor, &results).await {
                Ok(answer) => {
                    answer
                        .results
                        .iter()
                        .filter(|one| !one.accepted)
                        .for_each(refused);
                    break;
                }
                Err(error) if error.is_transient() && !one.held.is_lost() => backoff.wait().await,
                Err(error) => {
                    tracing::error!(run_id = one.result.run_id, %error, "a result was not accepted");
                    break;
                }
            }
        }
    }
}

fn refused(answer: &ResultAnswer) {
    let why = answer.error.as_deref().unwrap_or("no reason given");
    tracing::warn!(run_id = answer.run_id, why, "a result was not accepted");
}
