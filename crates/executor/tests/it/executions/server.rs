//! The server's end for executions: it keeps parts, lets runs wait, and gives them out again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use wire::{
    TimestampMs,
    client::{ByteStream, Client, Error, Payload, Reply, Transport},
    executors::{AdvanceRun, ParkRun, Signals, Stage},
    playbooks::UseCredential,
    runs::RunPart,
};

use crate::fake_server::FakeServer;

/// A fake server that also knows what the parts of executions are. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct ExecutionServer {
    pub(super) jobs: FakeServer,
    runs: Arc<Mutex<BTreeMap<String, Run>>>,
}

/// An execution.
#[derive(Default)]
pub(super) struct Run {
    input: Value,
    token: i64,
    pub(super) parts: BTreeMap<i64, RunPart>,
    pub(super) signals: Signals,
    /// What it was parked for, in order.
    pub(super) parked: Vec<ParkRun>,
    pub(super) state: Option<Value>,
    /// The credentials that it may open, by their names, and which it did, for which steps.
    pub(super) vault: BTreeMap<String, Value>,
    pub(super) opened: Vec<(String, String)>,
    /// An operator pauses it just before it is parked.
    pub(super) paused_late: bool,
    /// A claim gives no more than so many of the last parts.
    pub(super) parts_in_claim: Option<usize>,
}

impl ExecutionServer {
    pub(super) fn client(&self) -> Client {
        Client::new(self.clone())
    }

    pub(super) fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Run>> {
        self.runs.lock().unwrap()
    }

    /// Submits an execution of playbooks, the first of which is started.
    pub(super) fn submit(&self, id: &str, playbooks: &[(&str, &str)], more: &Value) {
        self.submit_later(id, playbooks, more);
        self.queue(id);
    }

    /// The same; it is not queued yet.
    pub(super) fn submit_later(&self, id: &str, playbooks: &[(&str, &str)], more: &Value) {
        let texts: BTreeMap<&str, &str> = playbooks.iter().copied().collect();
        let mut input = json!({"playbook_path": playbooks[0].0, "playbooks": texts, "steps": [],
            "parameters": {}});
        for (name, value) in more.as_object().expect("an object") {
            input[name] = value.clone();
        }
        let run = Run {
            input,
            ..Run::default()
        };
        self.runs().insert(id.to_owned(), run);
    }

    /// Lets an execution that is not performed be claimed, with all that earlier attempts left.
    pub(super) fn queue(&self, id: &str) {
        let claimed = {
            let mut runs = self.runs();
            let run = runs.get_mut(id).expect("it was submitted");
            run.token += 1;
            let parts: Vec<&RunPart> = run.parts.values().collect();
            let limit = run.parts_in_claim.unwrap_or(parts.len());
            let shown = &parts[parts.len().saturating_sub(limit)..];
            json!({"id": id, "kind": "execution", "name": "test", "token": run.token,
                "lease_seconds": 30.0, "attempt": run.token, "remaining_ms": null,
                "input": run.input, "parts": shown, "more_parts": shown.len() < parts.len(),
                "state": run.state, "signals": run.signals})
        };
        self.jobs.change(|state| state.queue.push_back(claimed));
    }

    /// An operator asks for something; the executor hears of it when it performs the run.
    pub(super) fn signal(&self, id: &str, change: impl FnOnce(&mut Signals, i64)) {
        let signals = {
            let mut runs = self.runs();
            let signals = &mut runs.get_mut(id).expect("it was submitted").signals;
            signals.generation += 1;
            let generation = signals.generation;
            change(signals, generation);
            *signals
        };
        self.jobs.change(|state| {
            if let Some(news) = state.held.get_mut(id) {
                news.signals = Some(signals);
            }
        });
    }

    /// The lease of an execution ends without the executor's doing.
    pub(super) fn lose(&self, id: &str) {
        self.jobs.change(|state| {
            state.held.remove(id);
        });
        self.interrupt(id);
    }

    /// What had begun is done again.
    pub(super) fn interrupt(&self, id: &str) {
        let mut runs = self.runs();
        let run = runs.get_mut(id).expect("it was submitted");
        for part in run.parts.values_mut() {
            if part.stage == Stage::Started {
                part.stage = Stage::Interrupted;
            }
        }
    }

    /// Keeps what an executor reports, as the store does.
    fn keep(&self, id: &str, report: &AdvanceRun) -> Result<(), String> {
        let mut runs = self.runs();
        let run = runs.get_mut(id).ok_or("no such run")?;
        for part in &report.parts {
            let before = run.parts.get(&part.number);
            let same_attempt = before.is_some_and(|before| before.attempt == run.token);
            match before.map(|before| before.stage) {
                None | Some(Stage::Started) => {}
                Some(Stage::Interrupted | Stage::Cancelled) if !same_attempt => {}
                Some(stage) => return Err(format!("part {} has ended as {stage:?}", part.number)),
            }
            if before.is_some_and(|one| (&one.name, &one.path) != (&part.name, &part.path)) {
                return Err(format!("part {} has another name", part.number));
            }
            let event = part
                .event
                .as_ref()
                .map_or(0, |event| event.to_string().len());
            if event > 16 << 10 {
                return Err("the event is too long".to_owned());
            }
            let row = RunPart {
                number: part.number,
                name: part.name.clone(),
                path: part.path.clone(),
                stage: part.stage,
                attempt: run.token,
                tries: part.tries.into(),
                started_at: TimestampMs(0),
                ended_at: None,
                body: part.body.clone().unwrap_or_default().value(),
            };
            run.parts.insert(part.number, row);
        }
        if report.state.is_some() {
            run.state = report.state.as_ref().map(wire::JsonText::value);
        }
        if run.signals.skip <= report.acknowledged {
            run.signals.skip = 0;
        }
        Ok(())
    }

    fn advance(&self, id: &str, report: AdvanceRun) -> (StatusCode, Value) {
        if let Err(why) = self.keep(id, &report) {
            return (
                StatusCode::BAD_REQUEST,
                json!({"error": why, "context": {}}),
            );
        }
        self.jobs
            .change(|state| state.notes.push((id.to_owned(), report)));
        let signals = self.runs()[id].signals;
        (StatusCode::OK, json!({ "signals": signals }))
    }

    fn park(&self, id: &str, park: ParkRun) -> StatusCode {
        let mut runs = self.runs();
        let run = runs.get_mut(id).expect("it was submitted");
        if std::mem::take(&mut run.paused_late) {
            run.signals.generation += 1;
            run.signals.pause = run.signals.generation;
        }
        if run.signals.generation > park.seen || run.signals.cancel > 0 {
            return StatusCode::CONFLICT;
        }
        run.parked.push(park);
        drop(runs);
        self.jobs.change(|state| {
            state.held.remove(id);
        });
        StatusCode::NO_CONTENT
    }

    fn open(&self, id: &str, wanted: &UseCredential) -> (StatusCode, Value) {
        let mut runs = self.runs();
        let run = runs.get_mut(id).expect("it was submitted");
        run.opened.push((wanted.name.clone(), wanted.step.clone()));
        match run.vault.get(&wanted.name) {
            Some(fields) => (StatusCode::OK, json!({ "fields": fields })),
            None => (
                StatusCode::NOT_FOUND,
                json!({"detail": format!("there is no credential `{}`", wanted.name)}),
            ),
        }
    }

    fn own(&self, request: &Request<Payload>) -> Option<(StatusCode, Value)> {
        let path = request.uri().path().to_owned();
        let Payload::Bytes(body) = request.body() else {
            return None;
        };
        let parts: Vec<&str> = path.trim_start_matches("/api/runs/").split('/').collect();
        let held = |id: &str| self.jobs.state().held.contains_key(id);
        match (request.method().as_str(), parts.as_slice()) {
            ("POST", [id, "park"]) if held(id) => {
                let park = serde_json::from_slice(body).expect("a park");
                Some((self.park(id, park), Value::Null))
            }
            ("POST", [id, "parts"]) if held(id) => {
                let report = serde_json::from_slice(body).expect("a report");
                Some(self.advance(id, report))
            }
            ("POST", [id, "credentials"]) if held(id) => {
                let wanted = serde_json::from_slice(body).expect("a use");
                Some(self.open(id, &wanted))
            }
            ("GET", [id, "parts"]) => {
                let query = request.uri().query().unwrap_or_default();
                let after = query.trim_start_matches("after=").split('&').next();
                let after: i64 = after.and_then(|after| after.parse().ok()).unwrap_or(0);
                let runs = self.runs();
                let page = runs[*id].parts.range(after + 1..).take(2);
                let page: Vec<&RunPart> = page.map(|(_, part)| part).collect();
                Some((StatusCode::OK, json!(page)))
            }
            _ => None,
        }
    }
}

impl Transport for ExecutionServer {
    fn send(&self, request: Request<Payload>) -> BoxFuture<'static, Result<Reply, Error>> {
        if self.jobs.state().away {
            return self.jobs.send(request);
        }
        let Some((status, value)) = self.own(&request) else {
            return self.jobs.send(request);
        };
        let bytes = if value.is_null() {
            String::new()
        } else {
            value.to_string()
        };
        let stream = futures_util::stream::iter([Ok(bytes.into())]).boxed() as ByteStream;
        let mut reply = Response::new(stream);
        *reply.status_mut() = status;
        async move { Ok(reply) }.boxed()
    }
}
