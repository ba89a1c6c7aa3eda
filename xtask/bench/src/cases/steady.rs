//! Steady state as the peers were measured: 64 producers that await each submit, one executor with
//! 24 slots whose work is nothing. Claims and results apart, on two connections; in one exchange; in exchanges
//! with one batch ahead; and 500 a claim, as peers do.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    client::Client,
    executor::{exchange, perform},
    report::Measure,
    server::{Environment, Server},
};

/// How the executor speaks with the server.
#[derive(Clone, Copy)]
enum Mode {
    /// Claims and results on two connections, so many a claim.
    Apart(usize),
    /// Results and claims together, 24 at once.
    Exchange { ahead: bool },
}

const MODES: [(Mode, &str); 4] = [
    (Mode::Apart(24), "24 a claim, results apart"),
    (Mode::Exchange { ahead: false }, "24 an exchange"),
    (Mode::Exchange { ahead: true }, "24 an exchange, 24 ahead"),
    (Mode::Apart(500), "500 a claim, results apart"),
];

const PRODUCERS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(1);

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for (mode, label) in MODES {
        let server = Server::start(environment).await?;
        let (submitted, accepted) = (Arc::default(), Arc::default());
        let rates = tokio::select! {
            failed = load(server.address, mode, &submitted, &accepted) => {
                failed?;
                bail!("the load ended by itself")
            }
            rates = rates(environment.duration, &submitted, &accepted) => rates,
        };
        measures.push(Measure::new(
            format!("steady, {label}: completed"),
            "jobs/s",
            rates.1,
        ));
        measures.push(Measure::new(
            format!("steady, {label}: submitted"),
            "jobs/s",
            rates.0,
        ));
    }
    Ok(measures)
}

/// Producers and executor, until it is dropped or one of them fails.
async fn load(
    server: SocketAddr,
    mode: Mode,
    submitted: &Arc<AtomicU64>,
    accepted: &Arc<AtomicU64>,
) -> Result<()> {
    let mut tasks = JoinSet::new();
    for _ in 0..PRODUCERS {
        tasks.spawn(produce(server, Arc::clone(submitted)));
    }
    let accepted = Arc::clone(accepted);
    match mode {
        Mode::Apart(max) => tasks.spawn(perform(server, max, accepted)),
        Mode::Exchange { ahead } => tasks.spawn(exchange(server, 24, ahead, accepted)),
    };
    first(&mut tasks).await
}

async fn first(tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    match tasks.join_next().await {
        Some(outcome) => outcome?,
        None => Ok(()),
    }
}

async fn produce(server: SocketAddr, submitted: Arc<AtomicU64>) -> Result<()> {
    let mut client = Client::connect(server).await?;
    loop {
        client.submit().await?;
        submitted.fetch_add(1, Relaxed);
    }
}

/// Both rates over the time after the warm-up.
async fn rates(duration: Duration, submitted: &AtomicU64, accepted: &AtomicU64) -> (f64, f64) {
    sleep(WARM_UP).await;
    let begun = Instant::now();
    let before = (submitted.load(Relaxed), accepted.load(Relaxed));
    sleep(duration).await;
    let seconds = begun.elapsed().as_secs_f64();
    let rate = |now: u64, before: u64| (now - before) as f64 / seconds;
    (
        rate(submitted.load(Relaxed), before.0),
        rate(accepted.load(Relaxed), before.1),
    )
}
