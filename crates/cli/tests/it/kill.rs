//! SIGKILL of the real server at random moments under load: nothing that was acknowledged is
//! missing, nothing is finished twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use wire::{
    client::Client,
    executors::{Results, RunResult},
    jobs::{Claim, Finish, NewJob},
};

use crate::{
    database::Database,
    harness::{DEADLINE, Server, poll},
};

const ROUNDS: &str = "PLAYHOUSE_KILL_ROUNDS";
const SUBMITTERS: usize = 4;
const EXECUTORS: usize = 4;

/// What clients were told.
#[derive(Default)]
struct Ledger {
    /// The job behind each idempotency key; `None` while the answer is outstanding.
    jobs: BTreeMap<String, Option<String>>,
    /// The tokens of accepted results, by job.
    finished: BTreeMap<String, BTreeSet<i64>>,
    /// Results whose answer did not come: they are reported again.
    outstanding: Vec<(usize, RunResult)>,
    answered: u64,
}

type Shared = Arc<Mutex<Ledger>>;

#[test]
fn kill_of_the_server_loses_nothing_on_sqlite() {
    survive(rounds(50), &[]);
}

#[test]
fn kill_of_the_server_loses_nothing_on_postgres() {
    let database = Database::create();
    survive(rounds(15), &["--database-url", database.url()]);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the number of rounds comes from `cargo xtask`"
)]
fn rounds(default: u32) -> u32 {
    std::env::var(ROUNDS).map_or(default, |text| text.parse().expect("a number of rounds"))
}

fn survive(rounds: u32, arguments: &[&str]) {
    let mut all = vec!["--lease-seconds=1", "--scan-seconds=1"];
    all.extend(arguments);
    let mut server = Server::start(&all);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let ledger = Shared::default();
    for round in 0..rounds {
        let work = Work::start(&runtime, &server.url(), &ledger);
        let before = ledger.lock().expect("no panic").answered;
        // Random, but not before something was acknowledged: an idle server proves nothing.
        poll("something is acknowledged", || {
            (ledger.lock().expect("no panic").answered > before + 20).then_some(())
        });
        std::thread::sleep(Duration::from_millis(
            u64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 2,
        ));
        server.kill();
        work.stop(&runtime);
        server.restart();
        assert!(server.process.ended().is_none(), "round {round}");
    }
    let client = Client::http(&server.url()).expect("the URL is good");
    runtime.block_on(settle(&client, &ledger));
    // What was claimed when the answer was lost comes back when its lease has ended.
    let work = Work::executors(&runtime, &server.url(), &ledger);
    let jobs: BTreeSet<String> = {
        let ledger = ledger.lock().expect("no panic");
        ledger
            .jobs
            .values()
            .map(|id| id.clone().expect("settled"))
            .collect()
    };
    let count = i64::try_from(jobs.len()).expect("a count");
    poll("every job is completed", || {
        let stats = runtime
            .block_on(client.stats())
            .expect("the server answers");
        (stats.jobs_by_status["completed"] == count).then_some(())
    });
    work.stop(&runtime);
    runtime.block_on(check(&client, &ledger, &jobs));
    check_events(server.port, jobs.len());
}

/// Clients that work until they are stopped.
struct Work {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Work {
    fn start(runtime: &tokio::runtime::Runtime, url: &str, ledger: &Shared) -> Self {
        let mut work = Self::executors(runtime, url, ledger);
        for _ in 0..SUBMITTERS {
            let client = Client::http(url).expect("the URL is good");
            work.tasks
                .push(runtime.spawn(submit(client, ledger.clone(), work.stop.clone())));
        }
        work
    }

    fn executors(runtime: &tokio::runtime::Runtime, url: &str, ledger: &Shared) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..EXECUTORS)
            .map(|number| {
                let client = Client::http(url).expect("the URL is good");
                runtime.spawn(perform(client, number, ledger.clone(), stop.clone()))
            })
            .collect();
        Self { stop, tasks }
    }

    fn stop(self, runtime: &tokio::runtime::Runtime) {
        self.stop.store(true, SeqCst);
        runtime.block_on(async {
            for task in self.tasks {
                tokio::time::timeout(DEADLINE, task)
                    .await
                    .expect("a client ends in time")
                    .expect("a client does not panic");
            }
        });
    }
}

fn job(key: &str) -> NewJob {
    NewJob {
        job_type: "kill".to_owned(),
        binary_url: "http://127.0.0.1/none".to_owned(),
        binary_sha256: "0".repeat(64),
        arguments: Some(vec![key.to_owned()]),
        priority: "background".to_owned(),
        max_attempts: Some(1000),
        ..NewJob::default()
    }
}

async fn submit(client: Client, ledger: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        let key = uuid::Uuid::new_v4().to_string();
        ledger
            .lock()
            .expect("no panic")
            .jobs
            .insert(key.clone(), None);
        let Ok(submitted) = client.submit(&job(&key), Some(&key)).await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let mut ledger = ledger.lock().expect("no panic");
        ledger.jobs.insert(key, Some(submitted.id));
        ledger.answered += 1;
    }
}

async fn perform(client: Client, number: usize, ledger: Shared, stop: Arc<AtomicBool>) {
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
        let mut results: Vec<RunResult> = jobs
            .into_iter()
            .map(|job| RunResult {
                completed: true,
                finish: Finish {
                    stdout: job.arguments.concat(),
                    exit_code: Some(0),
                    lease_token: job.lease_token,
                    ..Finish::default()
                },
                job_id: job.id,
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
        .report(
            name,
            &Results {
                results: results.clone(),
            },
        )
        .await;
    let mut ledger = ledger.lock().expect("no panic");
    match answer {
        Ok(answer) => {
            for (answer, result) in answer.results.iter().zip(results) {
                if answer.accepted {
                    let token = result.finish.lease_token.expect("a claim gives a token");
                    ledger
                        .finished
                        .entry(result.job_id)
                        .or_default()
                        .insert(token);
                    ledger.answered += 1;
                }
            }
        }
        Err(_) => ledger
            .outstanding
            .extend(results.into_iter().map(|result| (number, result))),
    }
}

/// Asks again for every submit whose answer did not come: with its key that makes no second job.
async fn settle(client: &Client, ledger: &Shared) {
    let keys: Vec<String> = {
        let ledger = ledger.lock().expect("no panic");
        ledger
            .jobs
            .iter()
            .filter(|(_, id)| id.is_none())
            .map(|(key, _)| key.clone())
            .collect()
    };
    for key in keys {
        let submitted = client
            .submit(&job(&key), Some(&key))
            .await
            .expect("the server answers");
        ledger
            .lock()
            .expect("no panic")
            .jobs
            .insert(key, Some(submitted.id));
    }
}

async fn check(client: &Client, ledger: &Shared, jobs: &BTreeSet<String>) {
    let (by_key, finished) = {
        let ledger = ledger.lock().expect("no panic");
        (ledger.jobs.clone(), ledger.finished.clone())
    };
    assert_eq!(jobs.len(), by_key.len(), "each key made one job of its own");
    for (key, id) in &by_key {
        let id = id.as_ref().expect("settled");
        let job = client.job(id).await.expect("an acknowledged job is there");
        assert_eq!(job.status, "completed", "{job:?}");
        assert_eq!(job.stdout, *key, "the result is the job's own");
        let completed = job
            .attempts
            .iter()
            .filter(|attempt| attempt.status == "completed");
        assert_eq!(completed.count(), 1, "finished twice: {job:?}");
        let tokens = finished.get(id).map_or(0, BTreeSet::len);
        assert!(tokens <= 1, "two results of {id} were accepted");
    }
}

/// The log has no gap, and each job is submitted and completed once in it.
fn check_events(port: u16, jobs: usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time limit can be set");
    write!(
        stream,
        "GET /api/events?after=0 HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n"
    )
    .expect("a request can be sent");
    let (mut seq, mut submitted, mut completed) = (0, BTreeSet::new(), BTreeSet::new());
    for line in BufReader::new(stream).lines() {
        let line = line.expect("the stream goes on until everything was seen");
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let event: wire::events::Event = serde_json::from_str(data).expect("an event");
        seq += 1;
        assert_eq!(event.seq, seq, "the event log has a gap");
        let new = match event.event_type.as_str() {
            "job.submitted" => submitted.insert(event.run_id),
            "job.completed" => completed.insert(event.run_id),
            _ => true,
        };
        assert!(new, "twice in the log: {data}");
        if completed.len() == jobs {
            break;
        }
    }
    assert_eq!(submitted.len(), jobs, "jobs that nobody asked for");
}
