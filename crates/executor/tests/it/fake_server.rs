//! The server's end of the protocol, kept in memory: a queue of jobs, leases, results and logs.
//!
//! It stands where HTTP would: the agent talks to it through its real client.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use wire::{
    client::{ByteStream, Client, Error, Payload, Reply, Transport},
    executors::{
        AdvanceRun, AskedQuestion, ClaimRuns, Exchange, LeaseNews, Registration, Release, Renew,
        Renewed, ResultAnswer, RunResult, Signals,
    },
};

/// The fake server. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct FakeServer(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    /// Every call fails at once.
    pub(crate) away: bool,
    /// No call is answered.
    pub(crate) silent: bool,
    pub(crate) registration: Option<Registration>,
    /// Jobs to claim, as a claim answers them.
    pub(crate) queue: VecDeque<Value>,
    /// Jobs that were claimed and not reported, with what the next renewal says.
    pub(crate) held: HashMap<String, LeaseNews>,
    pub(crate) most_held: usize,
    pub(crate) results: Vec<RunResult>,
    pub(crate) released: Vec<String>,
    /// Released with what the executor lacks.
    pub(crate) abandoned: Vec<(String, String)>,
    /// The executor's key is not known any more.
    pub(crate) refuses: bool,
    /// How long the answer of a claim with jobs is on its way.
    pub(crate) claim_delay: Duration,
    /// So many of the next pieces of output are answered with an error that passes.
    pub(crate) log_failures: usize,
    /// Of each job and stream.
    pub(crate) logs: HashMap<(String, String), Vec<u8>>,
    /// Of each run, by name.
    pub(crate) artifacts: HashMap<(String, String), Bytes>,
    /// So many of the next artefacts are answered with an error that passes.
    pub(crate) artifact_failures: usize,
    pub(crate) report_calls: usize,
    /// Questions that wait for the executor.
    pub(crate) questions: Vec<AskedQuestion>,
    /// Its answers by question, with the error if there is one.
    pub(crate) answers: Vec<(String, String, Bytes)>,
    /// Claims that came without results.
    pub(crate) claims: usize,
    /// What was reported of parts, with the run.
    pub(crate) notes: Vec<(String, AdvanceRun)>,
    /// When each of them came.
    pub(crate) note_times: Vec<Instant>,
    /// Programs that were uploaded, by their hash.
    pub(crate) uploads: HashMap<String, Bytes>,
    /// How they are given out.
    pub(crate) way: Way,
    /// How often one was asked for, also while nobody answered.
    pub(crate) downloads: usize,
}

/// How an uploaded program is given out.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Way {
    #[default]
    Whole,
    /// It breaks off in the middle.
    Half,
    /// Not now.
    Refused,
}

impl FakeServer {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.clone())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Changes something and wakes every call that waits.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.0.changed.notify_waiters();
    }

    pub(crate) fn submit(&self, id: &str, url: &str, sha256: &str, more: &Value) {
        let input = json!({"type": "test", "binary_url": url, "binary_sha256": sha256,
            "priority": "foreground"});
        self.queue("job", id, input, more);
    }

    /// A run to claim; what `more` has is the run's or, if runs have no such field, its input's.
    fn queue(&self, kind: &str, id: &str, mut input: Value, more: &Value) {
        let mut run = json!({"id": id, "kind": kind, "name": "test", "token": 1,
            "lease_seconds": 30.0, "attempt": 1, "remaining_ms": null, "parts": [], "state": null});
        for (name, value) in more.as_object().expect("an object") {
            match run.get_mut(name) {
                Some(field) => *field = value.clone(),
                None => input[name] = value.clone(),
            }
        }
        if let Some(seconds) = input["timeout_seconds"].as_u64() {
            run["remaining_ms"] = json!(seconds * 1_000);
        }
        run["input"] = input;
        self.change(|state| state.queue.push_back(run));
    }

    /// A plugin job that may take this long.
    pub(crate) fn submit_plugins(&self, id: &str, plugins: &[&str], more: &Value) {
        let config = json!({"plugins": plugins, "input": {}, "retries": 0, "debug": false,
            "timeout": 300_000});
        self.queue("plugin_job", id, config, more);
    }

    /// What was reported of a plugin job, in order.
    pub(crate) fn notes(&self, id: &str) -> Vec<AdvanceRun> {
        let state = self.state();
        let notes = state.notes.iter().filter(|(job, _)| job == id);
        notes.map(|(_, note)| note.clone()).collect()
    }

    fn note(&self, id: &str, report: AdvanceRun) -> (StatusCode, Value) {
        let mut answer = (
            StatusCode::NOT_FOUND,
            json!({"error": "not held", "context": {}}),
        );
        self.change(|state| {
            if let Some(news) = state.held.get(id) {
                let signals = news.signals.unwrap_or_default();
                answer = (StatusCode::OK, json!({ "signals": signals }));
                state.notes.push((id.to_owned(), report));
                state.note_times.push(Instant::now());
            }
        });
        answer
    }

    pub(crate) fn cancel(&self, id: &str) {
        self.change(|state| {
            let signals = Signals {
                generation: 1,
                cancel: 1,
                ..Signals::default()
            };
            state.held.get_mut(id).expect("it is held").signals = Some(signals);
        });
    }

    pub(crate) fn result(&self, id: &str) -> Option<RunResult> {
        self.state()
            .results
            .iter()
            .find(|one| one.run_id == id)
            .cloned()
    }

    /// Waits until `answer` has something to say, at most so long.
    async fn wait<A>(
        &self,
        seconds: f64,
        mut answer: impl FnMut(&mut State) -> Option<A>,
    ) -> Option<A> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(answer) = answer(&mut self.state()) {
                return Some(answer);
            }
            if timeout_at(until, changed).await.is_err() {
                return None;
            }
        }
    }

    async fn claim(&self, claim: &ClaimRuns) -> Vec<Value> {
        let max = claim.max.unwrap_or(1) as usize;
        let jobs = self.wait(claim.wait_seconds.unwrap_or(0.0), |state| {
            let count = state.queue.len().min(max);
            let jobs: Vec<Value> = state.queue.drain(..count).collect();
            for run in &jobs {
                let id = run["id"].as_str().expect("an id").to_owned();
                let news = LeaseNews {
                    run_id: id.clone(),
                    ..LeaseNews::default()
                };
                state.held.insert(id, news);
            }
            state.most_held = state.most_held.max(state.held.len());
            (!jobs.is_empty()).then_some(jobs)
        });
        jobs.await.unwrap_or_default()
    }

    async fn renew(&self, renew: &Renew) -> Renewed {
        let news = |state: &State| -> Vec<LeaseNews> {
            let one = |id: &String| {
                let gone = LeaseNews {
                    run_id: id.clone(),
                    lost: true,
                    signals: None,
                };
                state.held.get(id).cloned().unwrap_or(gone)
            };
            renew
                .leases
                .iter()
                .map(|lease| one(&lease.run_id))
                .collect()
        };
        let questions = |state: &State| -> Vec<AskedQuestion> {
            let new = |asked: &&AskedQuestion| !renew.answering.contains(&asked.id);
            state.questions.iter().filter(new).cloned().collect()
        };
        let fresh = self.wait(renew.wait_seconds, |state| {
            let leases = news(state);
            let mut pairs = renew.leases.iter().zip(&leases);
            let any = pairs.any(|(asked, news)| {
                let newer = |signals: Signals| signals.generation > asked.seen;
                news.lost || news.signals.is_some_and(newer)
            });
            (any || !questions(state).is_empty()).then_some(leases)
        });
        let fresh = fresh.await;
        let state = self.state();
        Renewed {
            leases: fresh.unwrap_or_else(|| news(&state)),
            questions: questions(&state),
        }
    }

    fn report(&self, results: Vec<RunResult>) -> Vec<ResultAnswer> {
        let mut answers = Vec::new();
        if results.is_empty() {
            return answers;
        }
        self.change(|state| {
            state.report_calls += 1;
            for result in results {
                let accepted = state.held.remove(&result.run_id).is_some();
                answers.push(ResultAnswer {
                    run_id: result.run_id.clone(),
                    accepted,
                    error: (!accepted).then(|| "no lease".to_owned()),
                });
                if accepted {
                    state.results.push(result);
                }
            }
        });
        answers
    }

    /// Takes the results and gives runs. Like the server it waits for runs only when it got no results.
    async fn exchange(&self, exchange: Exchange) -> Value {
        let results = self.report(exchange.results);
        self.state().claims += usize::from(results.is_empty());
        let asked = Instant::now();
        let runs = match exchange.claim {
            Some(claim) if results.is_empty() => self.claim(&claim).await,
            Some(claim) => {
                let wait_seconds = None;
                self.claim(&ClaimRuns {
                    wait_seconds,
                    ..claim
                })
                .await
            }
            None => Vec::new(),
        };
        let waited = asked.elapsed().as_secs_f64();
        if !runs.is_empty() {
            let delay = self.state().claim_delay;
            tokio::time::sleep(delay).await;
        }
        json!({"results": results, "runs": runs, "waited_seconds": waited})
    }

    fn download(&self, hash: &str) -> Result<Reply, Error> {
        let mut state = self.state();
        state.downloads += 1;
        if state.away {
            return Err(away());
        }
        let program = state.uploads.get(hash).cloned().unwrap_or_default();
        let (first, second) = program.split_at(program.len() / 2);
        let second = match state.way {
            Way::Whole => Ok(Bytes::copy_from_slice(second)),
            Way::Half | Way::Refused => Err(io::Error::other("it broke off")),
        };
        let pieces = [Ok(Bytes::copy_from_slice(first)), second];
        let mut reply = Response::new(futures_util::stream::iter(pieces).boxed() as ByteStream);
        *reply.status_mut() = match (state.way, state.uploads.contains_key(hash)) {
            (Way::Refused, _) => StatusCode::SERVICE_UNAVAILABLE,
            (_, true) => StatusCode::OK,
            (_, false) => StatusCode::NOT_FOUND,
        };
        if !reply.status().is_success() {
            *reply.body_mut() = futures_util::stream::empty().boxed();
        }
        Ok(reply)
    }

    fn log(&self, id: &str, query: &str, bytes: &[u8]) -> StatusCode {
        let mut state = self.state();
        if !state.held.contains_key(id) {
            return StatusCode::NOT_FOUND;
        }
        if state.log_failures > 0 {
            state.log_failures -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let stream = query
            .trim_start_matches("stream=")
            .split('&')
            .next()
            .unwrap_or_default();
        state
            .logs
            .entry((id.to_owned(), stream.to_owned()))
            .or_default()
            .extend(bytes);
        StatusCode::OK
    }

    fn artifact(&self, id: &str, name: &str, bytes: Bytes) -> (StatusCode, Value) {
        let mut state = self.state();
        if state.artifact_failures > 0 {
            state.artifact_failures -= 1;
            return (StatusCode::SERVICE_UNAVAILABLE, json!({}));
        }
        let stored = json!({
            "name": name, "size_bytes": bytes.len(), "sha256": "", "attempt": 1,
            "created_at": "2024-01-01T12:00:00Z",
        });
        state
            .artifacts
            .insert((id.to_owned(), name.to_owned()), bytes);
        (StatusCode::OK, stored)
    }

    async fn answer(&self, path: String, query: String, body: Bytes) -> (StatusCode, Value) {
        fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> T {
            serde_json::from_slice(body).expect("the client sends what the wire says")
        }
        fn say(value: impl serde::Serialize) -> (StatusCode, Value) {
            (
                StatusCode::OK,
                serde_json::to_value(value).expect("it is JSON"),
            )
        }
        if self.state().refuses {
            let error = json!({"error": "the key is not known", "context": {}});
            return (StatusCode::UNAUTHORIZED, error);
        }
        let parts: Vec<&str> = path.trim_start_matches("/api/").split('/').collect();
        match parts.as_slice() {
            ["executors", _, "exchange"] => say(self.exchange(read(&body)).await),
            ["runs", id, "parts"] => self.note(id, read(&body)),
            ["executors", _, "leases"] => say(self.renew(&read(&body)).await),
            ["executors", _, "answers", id] => {
                self.change(|state| {
                    state.questions.retain(|asked| asked.id != *id);
                    state.answers.push(((*id).to_owned(), query, body));
                });
                say(json!({}))
            }
            ["executors", _] => {
                self.change(|state| state.registration = Some(read(&body)));
                say(json!({}))
            }
            ["runs", id, "output"] => (self.log(id, &query, &body), json!({})),
            ["runs", id, "artifacts", name @ ..] => self.artifact(id, &name.join("/"), body),
            ["runs", id, "release"] => {
                let release: Release = read(&body);
                self.change(|state| {
                    state.held.remove(*id);
                    match release.error_message.or(release.reason) {
                        None => state.released.push((*id).to_owned()),
                        Some(what) => state.abandoned.push(((*id).to_owned(), what)),
                    }
                });
                say(json!({}))
            }
            _ => (
                StatusCode::NOT_FOUND,
                json!({"error": "no such route", "context": {}}),
            ),
        }
    }
}

fn away() -> Error {
    Error::Unreachable("the server is away".to_owned())
}

impl Transport for FakeServer {
    fn send(&self, request: Request<Payload>) -> BoxFuture<'static, Result<Reply, Error>> {
        let server = self.clone();
        async move {
            let (parts, payload) = request.into_parts();
            let body = match payload {
                Payload::Bytes(bytes) => bytes,
                Payload::Stream(mut stream) => {
                    let mut all = Vec::new();
                    while let Some(piece) = stream.next().await {
                        all.extend_from_slice(&piece.expect("it can be read"));
                    }
                    all.into()
                }
            };
            if let Some(hash) = parts.uri.path().strip_prefix("/api/v1/binaries/") {
                return server.download(hash);
            }
            if server.state().away {
                return Err(away());
            }
            server
                .wait(1e6, |state| (!state.silent).then_some(()))
                .await;
            let query = parts.uri.query().unwrap_or_default().to_owned();
            let answer = server.answer(parts.uri.path().to_owned(), query, body);
            let gone = server.wait(1e6, |state| state.away.then_some(()));
            let (status, value) = tokio::select! {
                biased;
                answer = answer => answer,
                _ = gone => return Err(away()),
            };
            let bytes = if value.is_null() {
                Bytes::new()
            } else {
                value.to_string().into()
            };
            let stream = futures_util::stream::iter([Ok(bytes)]).boxed() as ByteStream;
            let mut reply = Response::new(stream);
            *reply.status_mut() = status;
            Ok(reply)
        }
        .boxed()
    }
}
