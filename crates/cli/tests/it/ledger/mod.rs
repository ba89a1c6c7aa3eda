//! Clients under which a server is killed, and the ledger of what they were told: nothing that was
//! acknowledged is missing, nothing is finished twice.

mod bulk;
mod clients;
mod parts;
mod retries;

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

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::{runtime::Runtime, task::JoinHandle};
use wire::{
    client::{Client, Payload},
    executors::RunResult,
    jobs::Stream,
};

use self::{
    bulk::{check_uploads, settle_bulks, submit_and_upload},
    clients::{cancel, held, job, perform, submit},
    parts::{advance, check_parts},
    retries::{retry, settle_retries},
};
use crate::harness::{DEADLINE, Process, Server, wait_for};

const SUBMITTERS: usize = 4;
const EXECUTORS: usize = 4;

/// What every job is: it prints its argument, whichever executor performs it.
const PROGRAM: &[u8] = b"#!/bin/sh\nprintf %s \"$1\"\n";

/// The name of the executor that is one.
pub(crate) const REAL: &str = "real";

/// Where the program of all jobs is.
#[derive(Clone, Default)]
struct Program {
    url: String,
    sha256: String,
}

/// What clients were told.
#[derive(Default)]
struct Ledger {
    program: Program,
    /// The job behind each idempotency key; `None` while the answer is outstanding.
    jobs: BTreeMap<String, Option<String>>,
    /// The keys of jobs that nobody is to run: they are cancelled. True when that was acknowledged.
    cancelled: BTreeMap<String, bool>,
    /// The keys of jobs that are cancelled and started again. True when they are known to have been cancelled.
    retried: BTreeMap<String, bool>,
    /// The keys of bulk submits, with the ids once they were acknowledged.
    bulks: BTreeMap<String, Option<Vec<String>>>,
    /// What was uploaded, by the hash with which it was acknowledged.
    uploads: BTreeMap<String, Vec<u8>>,
    /// The newest lease of each job under which output was acknowledged.
    printed: BTreeMap<String, i64>,
    /// The tokens of accepted results, by job.
    finished: BTreeMap<String, BTreeSet<i64>>,
    /// The metrics of the plugins whose end was acknowledged, by run and number.
    parts: BTreeMap<String, BTreeMap<i64, Value>>,
    /// Results whose answer did not come: they are reported again.
    outstanding: Vec<(usize, RunResult)>,
    answered: u64,
}

type Shared = Arc<Mutex<Ledger>>;

/// Submitters and executors against one server.
pub(crate) struct Load {
    runtime: Runtime,
    client: Client,
    url: String,
    ledger: Shared,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    /// Nobody works before [`Load::start`].
    pub(crate) fn on(server: &Server) -> Self {
        let runtime = Runtime::new().expect("a runtime starts");
        let client = Client::http(&server.url()).expect("the URL is good");
        let uploaded = runtime.block_on(client.upload(Payload::Bytes(PROGRAM.into())));
        let uploaded = uploaded.expect("the server answers");
        let ledger = Ledger {
            program: Program {
                url: uploaded.binary_url,
                sha256: uploaded.binary_sha256,
            },
            ..Ledger::default()
        };
        Self {
            runtime,
            client,
            url: server.url(),
            ledger: Arc::new(Mutex::new(ledger)),
            stop: Arc::default(),
            tasks: Vec::new(),
        }
    }

    /// Starts everybody.
    pub(crate) fn start(&mut self) {
        self.start_executors();
        for _ in 0..SUBMITTERS {
            let submitter = submit(self.client.clone(), self.ledger.clone(), self.stop.clone());
            self.tasks.push(self.runtime.spawn(submitter));
        }
        let canceller = cancel(self.client.clone(), self.ledger.clone(), self.stop.clone());
        self.tasks.push(self.runtime.spawn(canceller));
        let retrier = retry(self.client.clone(), self.ledger.clone(), self.stop.clone());
        self.tasks.push(self.runtime.spawn(retrier));
        let advancer = advance(self.client.clone(), self.ledger.clone(), self.stop.clone());
        self.tasks.push(self.runtime.spawn(advancer));
        let bulk = submit_and_upload(&self.url, self.ledger.clone(), self.stop.clone());
        self.tasks.push(self.runtime.spawn(bulk));
    }

    fn start_executors(&mut self) {
        for number in 0..EXECUTORS {
            let (client, ledger) = (self.client.clone(), self.ledger.clone());
            let executor = perform(client, number, ledger, self.stop.clone());
            self.tasks.push(self.runtime.spawn(executor));
        }
    }

    /// Lets everybody end what they are at.
    pub(crate) fn stop(&mut self) {
        self.stop.store(true, SeqCst);
        self.runtime.block_on(async {
            for task in self.tasks.drain(..) {
                tokio::time::timeout(DEADLINE, task)
                    .await
                    .expect("a client ends in time")
                    .expect("a client does not panic");
            }
        });
        self.stop.store(false, SeqCst);
    }

    /// Waits for a random moment, but not before something was acknowledged: killing an idle server
    /// proves nothing.
    pub(crate) fn wait_for_a_moment(&self) {
        let answered = || self.ledger.lock().expect("no panic").answered;
        let before = answered();
        wait_for("something is acknowledged", || answered() > before + 20);
        std::thread::sleep(random_ms(128));
    }

    /// Submits one job, once.
    pub(crate) fn submit_one(&self) -> Result<(), wire::client::Error> {
        let key = uuid::Uuid::new_v4().to_string();
        let submitted = self
            .runtime
            .block_on(self.client.submit(&job(&self.ledger, &key), Some(&key)));
        let mut ledger = self.ledger.lock().expect("no panic");
        // What was not acknowledged is submitted again at the check.
        let id = submitted.as_ref().ok().map(|job| job.id.clone());
        ledger.jobs.insert(key, id);
        submitted.map(drop)
    }

    /// Ends all jobs, and compares what the server then says with the ledger. Answers which executors
    /// completed some.
    pub(crate) fn check(mut self, server: &Server) -> BTreeSet<String> {
        self.runtime
            .block_on(check_cancels(&self.client, &self.ledger));
        self.runtime
            .block_on(settle_retries(&self.client, &self.ledger));
        self.runtime.block_on(settle(&self.client, &self.ledger));
        self.runtime.block_on(settle_bulks(&self.url, &self.ledger));
        self.runtime
            .block_on(check_uploads(&self.client, &self.ledger));
        let (jobs, all): (BTreeSet<String>, usize) = {
            let mut ledger = self.ledger.lock().expect("no panic");
            let all = ledger.jobs.len();
            let Ledger {
                jobs, cancelled, ..
            } = &mut *ledger;
            jobs.retain(|key, _| !cancelled.contains_key(key));
            let ids = jobs.values().cloned();
            (ids.map(|id| id.expect("settled")).collect(), all)
        };
        // What was claimed when the answer was lost comes back when its lease has ended.
        self.start_executors();
        wait_for("every job is completed", || {
            let stats = self.runtime.block_on(self.client.stats());
            let completed = stats.expect("the server answers").jobs_by_status["completed"];
            usize::try_from(completed) == Ok(jobs.len())
        });
        self.stop();
        let executors = self
            .runtime
            .block_on(check(&self.client, &self.ledger, &jobs));
        let parts = check_parts(&self.client, &self.ledger);
        let parts = self.runtime.block_on(parts);
        check_events(server.port, jobs.len(), all, parts);
        executors
    }
}

/// A real executor, which performs the jobs beside those that only say so.
pub(crate) fn real_executor(server: &Server) -> Process {
    server.start_executor(REAL, &["--slots=2"])
}

/// A random time below this many milliseconds.
pub(crate) fn random_ms(below: u128) -> Duration {
    let drawn = uuid::Uuid::new_v4().as_u128() % below;
    Duration::from_millis(u64::try_from(drawn).expect("a short time"))
}

/// What was acknowledged as cancelled is; the others are cancelled now.
async fn check_cancels(client: &Client, ledger: &Shared) {
    let (cancelled, jobs) = {
        let ledger = ledger.lock().expect("no panic");
        (ledger.cancelled.clone(), ledger.jobs.clone())
    };
    assert!(cancelled.values().any(|acknowledged| *acknowledged));
    for (key, acknowledged) in cancelled {
        let id = match &jobs[&key] {
            Some(id) => id.clone(),
            None => {
                let submitted = client.submit(&held(ledger, &key), Some(&key)).await;
                submitted.expect("the server answers").id
            }
        };
        ledger
            .lock()
            .expect("no panic")
            .jobs
            .insert(key, Some(id.clone()));
        if !acknowledged {
            // It may be cancelled already: then it is refused.
            let _ = client.cancel(&id).await;
        }
        let job = client.job(&id).await.expect("an acknowledged job is there");
        assert_eq!(job.status, "cancelled", "{job:?}");
    }
}

/// Asks again for every submit whose answer did not come.
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
            .submit(&job(ledger, &key), Some(&key))
            .await
            .expect("the server answers");
        ledger
            .lock()
            .expect("no panic")
            .jobs
            .insert(key, Some(submitted.id));
    }
}

async fn check(client: &Client, ledger: &Shared, jobs: &BTreeSet<String>) -> BTreeSet<String> {
    let (by_key, finished, printed) = {
        let ledger = ledger.lock().expect("no panic");
        let Ledger {
            jobs,
            finished,
            printed,
            ..
        } = &*ledger;
        (jobs.clone(), finished.clone(), printed.clone())
    };
    let (mut printed_by_newest, mut executors) = (0, BTreeSet::new());
    assert_eq!(jobs.len(), by_key.len(), "each key made one job of its own");
    let asked = stream::iter(&by_key).map(async |(key, id)| {
        let id = id.as_ref().expect("settled");
        (key, client.job(id).await)
    });
    let mut answers = asked.buffer_unordered(16);
    while let Some((key, job)) = answers.next().await {
        let job = job.expect("an acknowledged job is there");
        assert_eq!(job.status, "completed", "{job:?}");
        assert_eq!(job.stdout, *key, "the result is the job's own");
        let completed = job
            .attempts
            .iter()
            .filter(|attempt| attempt.status == "completed");
        let completed: Vec<_> = completed.collect();
        assert_eq!(completed.len(), 1, "finished twice: {job:?}");
        executors.insert(completed[0].executor_id.clone());
        let tokens = finished.get(&job.id).map_or(0, BTreeSet::len);
        assert!(tokens <= 1, "two results of {} were accepted", job.id);
        let newest = i64::try_from(job.attempts.len()).expect("few attempts");
        if printed.get(&job.id) == Some(&newest) {
            let log = client
                .log(&job.id, Stream::Stdout)
                .await
                .expect("its output");
            let log: Vec<_> = log.map(|bytes| bytes.expect("its output")).collect().await;
            assert_eq!(
                log.concat(),
                key.as_bytes(),
                "acknowledged output of {}",
                job.id
            );
            printed_by_newest += 1;
        }
    }
    assert!(printed_by_newest > 0, "no output was acknowledged");
    executors
}

/// The log has no gap, and each job is submitted once in it, `jobs` of all are completed once, and so are
/// `parts` plugins.
fn check_events(port: u16, jobs: usize, all: usize, parts: usize) {
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
    let mut plugins = BTreeSet::new();
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
            "plugin_job.plugin_completed" => {
                plugins.insert((event.run_id, event.data["plugin"].to_string()))
            }
            _ => true,
        };
        assert!(new, "twice in the log: {data}");
        if completed.len() == jobs && submitted.len() >= all && plugins.len() >= parts {
            break;
        }
    }
    assert_eq!(submitted.len(), all, "jobs that were not submitted");
    assert_eq!(plugins.len(), parts, "ends of plugins without a part");
}
